import type { Choice } from "./choices.ts";
import { podMonitor, prometheusRule, type Watched } from "./alerts.ts";
import type { ChartPart } from "./template.ts";

const noChoice: readonly Choice[] = [];

/** What watches over one part, where both the part and that are wanted. */
function watching(
  part: Watched,
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

/** Everything for Prometheus's operator and Grafana about one part. */
export function monitoringOf(part: Watched): readonly ChartPart[] {
  return [
    watching(part, "podMonitors", (metadata) => [podMonitor(part, metadata, metadata.name)]),
    watching(part, "alerts", (metadata) => [prometheusRule(part, metadata)]),
    watching(part, "dashboards", ({ name, namespace }) => [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `${name}-dashboard`, namespace, labels: { grafana_dashboard: "1" } },
        data: { [`podtrust-${part}.json`]: "zz-dashboard" },
      },
    ]),
  ];
}
