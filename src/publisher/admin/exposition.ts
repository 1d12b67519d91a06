import { metricCatalogue, type MetricId } from "./catalogue.ts";
import { type Sample, takeSamples } from "./samples.ts";
import type { AdminView } from "./view.ts";

/** Text in Prometheus' exposition format 0.0.4, and its media type. */
export interface Exposition {
  readonly type: string;
  readonly text: string;
}

interface Reading {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const readings = (name: string, samples: readonly Sample[]): readonly Reading[] =>
  samples.map(({ labels, value, suffix = "" }) => ({ metricName: name + suffix, labels, value }));

/** All metrics as text. The library is loaded by the first who asks: most publishers' memory never sees it. */
export async function expose(view: AdminView): Promise<Exposition> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  const samples = takeSamples(view);
  for (const id of Object.keys(metricCatalogue) as MetricId[]) {
    const { name, help, type } = metricCatalogue[id];
    const metric = {
      name,
      get: () =>
        Promise.resolve({ name, help, type, values: readings(name, samples[id]), aggregator: "sum" }),
    };
    // The counting is ours and costs an addition; of prom-client the text format is taken.
    registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  }
  return { type: registry.contentType, text: await registry.metrics() };
}
