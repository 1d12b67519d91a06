import type { Choice } from "./choices.ts";
import { podMonitor, prometheusRule, type WatchedPods } from "./alerts.ts";
import type { ChartPart } from "./template.ts";

const noChoice: readonly Choice[] = [];

/** What watches over one part, where both the part and that are wanted. */
function watching(
  part: WatchedPods,
  value: string,
  objects: (metadata: { readonly name: string; readonly namespace: string }) => readonly object[],
): ChartPart {
  const name = `zz-${part}`;
  return {
    source: "tools/chart/",
    wanted: `and .Values.${part}.enabled .Values.monitoring.${value}`,
    marks: new Map([
      ["zz-space", ".Values.namespace"],
      [name, `.Values.${part}.name`],
      ["zz-dashboard", `.Files.Get "dashboards/${part}.json"`],
    ]),
    choices: noChoice,
    objects: () => objects({ name, namespace: "zz-space" }),
  };
}

const boardOf = (
  part: string,
  { name, namespace }: { readonly name: string; readonly namespace: string },
) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `${name}-dashboard`, namespace, labels: { grafana_dashboard: "1" } },
  data: { [`podtrust-${part}.json`]: "zz-dashboard" },
});

/** What watches over signers, which the chart does not bring: a value of its own asks for it. */
function watchingSigner(
  value: string,
  object: (metadata: { readonly name: string; readonly namespace: string }) => object,
): ChartPart {
  return {
    source: "tools/chart/",
    wanted: `and .Values.monitoring.signer .Values.monitoring.${value}`,
    marks: new Map([
      ["zz-space", ".Values.namespace"],
      ["zz-dashboard", '.Files.Get "dashboards/signer.json"'],
    ]),
    choices: noChoice,
    objects: () => [object({ name: "podtrust-signer", namespace: "zz-space" })],
  };
}

/** Alerts and dashboard of signers; where they are scraped is unknown here. */
export const monitoringOfSigner: readonly ChartPart[] = [
  watchingSigner("alerts", (metadata) => prometheusRule("signer", metadata)),
  watchingSigner("dashboards", (metadata) => boardOf("signer", metadata)),
];

/** Everything for Prometheus's operator and Grafana about one part. */
export function monitoringOf(part: WatchedPods): readonly ChartPart[] {
  return [
    watching(part, "podMonitors", (metadata) => [podMonitor(part, metadata, metadata.name)]),
    watching(part, "alerts", (metadata) => [prometheusRule(part, metadata)]),
    watching(part, "dashboards", (metadata) => [boardOf(part, metadata)]),
  ];
}
