/** One metric: what it is called, what it counts, and which labels it has. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Label names with the values that they take; a word in capitals stands for an open but bounded set. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
}

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

/**
 * All metrics of a catalogue as text. The library is loaded by the first who asks: most daemons' memory never sees it.
 */
export async function expose<Id extends string>(
  catalogue: Readonly<Record<Id, MetricDefinition>>,
  samples: Readonly<Record<Id, readonly Sample[]>>,
): Promise<Exposition> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const id of Object.keys(catalogue) as Id[]) {
    const { name, help, type } = catalogue[id];
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
