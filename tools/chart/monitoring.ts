import type { Group } from "./choices.ts";
import { commonLabels, labelled } from "./labels.ts";
import { podMonitor, prometheusRule, type WatchedPods } from "./alerts.ts";
import type { ChartPart } from "./template.ts";

const noChoice: readonly Group[] = [];

/** Labels by which an instance of Prometheus chooses its objects, such as `release`, and those of all objects: the former win. */
const labels = { "zz-monitor-labels": "zz-monitor-labels" } as const;
const optional = new Map([
  ...commonLabels,
  ["zz-monitor-labels", "mergeOverwrite (dict) .Values.commonLabels .Values.monitoring.labels"],
]);

interface Place {
  readonly name: string;
  readonly namespace: string;
}

/** What watches over one part, where both the part and that are wanted. */
function watching(
  part: WatchedPods,
  value: string,
  objects: (metadata: Place) => readonly object[],
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
    optional,
    choices: noChoice,
    objects: () => objects({ name, namespace: "zz-space" }),
  };
}

const boardOf = (part: string, { name, namespace }: Place) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `${name}-dashboard`, namespace, labels: { grafana_dashboard: "1" } },
  data: { [`podtrust-${part}.json`]: "zz-dashboard" },
});

/** What watches over signers, which the chart does not bring: a value of its own asks for it. */
function watchingSigner(value: string, objects: (metadata: Place) => readonly object[]): ChartPart {
  return {
    source: "tools/chart/",
    wanted: `and .Values.monitoring.signer .Values.monitoring.${value}`,
    marks: new Map([
      ["zz-space", ".Values.namespace"],
      ["zz-dashboard", '.Files.Get "dashboards/signer.json"'],
    ]),
    optional,
    choices: noChoice,
    objects: () => objects({ name: "podtrust-signer", namespace: "zz-space" }),
  };
}

/** Alerts and dashboard of signers; where they are scraped is unknown here. */
export const monitoringOfSigner: readonly ChartPart[] = [
  watchingSigner("alerts", (metadata) => [prometheusRule("signer", { ...metadata, labels })]),
  watchingSigner("dashboards", (metadata) => labelled([boardOf("signer", metadata)])),
];

/** Everything for Prometheus's operator and Grafana about one part. */
export function monitoringOf(part: WatchedPods): readonly ChartPart[] {
  return [
    watching(part, "podMonitors", (metadata) => [podMonitor(part, { ...metadata, labels }, metadata.name)]),
    watching(part, "alerts", (metadata) => [prometheusRule(part, { ...metadata, labels })]),
    watching(part, "dashboards", (metadata) => labelled([boardOf(part, metadata)])),
  ];
}
