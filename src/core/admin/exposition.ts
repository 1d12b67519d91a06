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

// https://prometheus.io/docs/instrumenting/exposition_formats/, "Comments, help text, and type information".
const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

function labelText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

// As Go writes numbers: JavaScript spells infinities and NaN differently.
function valueText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function metricText({ name, type, help }: MetricDefinition, samples: readonly Sample[]): string {
  const lines = samples.map(
    ({ labels, value, suffix = "" }) => `${name}${suffix}${labelText(labels)} ${valueText(value)}`,
  );
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
}

/** All metrics of a catalogue as text. */
export function expose<Id extends string>(
  catalogue: Readonly<Record<Id, MetricDefinition>>,
  samples: Readonly<Record<Id, readonly Sample[]>>,
): Exposition {
  const metrics = (Object.keys(catalogue) as Id[]).map((id) => metricText(catalogue[id], samples[id]));
  return { type: "text/plain; version=0.0.4; charset=utf-8", text: `${metrics.join("\n\n")}\n` };
}
