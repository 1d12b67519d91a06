/** A strict reader of Prometheus' text format 0.0.4, which takes nothing that the format does not name. */

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

const helpLine = /^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<help>(?:[^\\]|\\\\|\\n)*)$/u;
const typeLine = /^# TYPE (?<name>\S+) (?<type>counter|gauge|histogram)$/u;
const sampleLine = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.+)\})? (?<value>\S+)$/su;
const label = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\]|\\["\\n])*)"(?:,(?=[a-zA-Z_])|$)/uy;
const number = /^(?:[+-]Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/u;

const plain = (text: string): string =>
  text.replaceAll(/\\(.)/gu, (_, char: string) => (char === "n" ? "\n" : char));

function groupsOf(pattern: RegExp, line: string): Readonly<Record<string, string | undefined>> {
  const groups = pattern.exec(line)?.groups;
  if (groups === undefined) throw new SyntaxError(`no line of the format: ${JSON.stringify(line)}`);
  return groups;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const { name = "", value = "" } = groupsOf(label, text);
    if (Object.hasOwn(labels, name)) throw new SyntaxError(`the label ${name} stands there twice`);
    labels[name] = plain(value);
  }
  return labels;
}

function sampleOf(line: string): ParsedSample {
  const { name = "", labels, value = "" } = groupsOf(sampleLine, line);
  if (!number.test(value)) throw new SyntaxError(`no number of Go's: ${value}`);
  const finite = value.replace("Inf", "Infinity");
  return { name, labels: labels === undefined ? {} : labelsOf(labels), value: Number(finite) };
}

const suffixes = new Set(["", "_bucket", "_sum", "_count"]);

function metricOf(block: string): ParsedMetric {
  const [first = "", second = "", ...rest] = block.split("\n");
  const { name = "", help = "" } = groupsOf(helpLine, first);
  const { name: typed, type = "" } = groupsOf(typeLine, second);
  if (typed !== name) throw new SyntaxError(`the type of ${name} is ${String(typed)}'s`);
  const samples = rest.map(sampleOf);
  for (const sample of samples) {
    const suffix = sample.name.slice(name.length);
    const fits = type === "histogram" ? suffix !== "" && suffixes.has(suffix) : suffix === "";
    if (!sample.name.startsWith(name) || !fits) throw new SyntaxError(`${sample.name} is none of ${name}`);
  }
  const series = samples.map((one) => JSON.stringify([one.name, one.labels]));
  if (new Set(series).size !== series.length) throw new SyntaxError(`${name} has a series twice`);
  return { name, help: plain(help), type, samples };
}

/** All metrics of a text. Throws SyntaxError for whatever is not of the format. */
export function parseExposition(text: string): readonly ParsedMetric[] {
  if (!text.endsWith("\n")) throw new SyntaxError("the last line has no end");
  const metrics = text.slice(0, -1).split("\n\n").map(metricOf);
  if (new Set(metrics.map(({ name }) => name)).size !== metrics.length)
    throw new SyntaxError("a metric stands there twice");
  return metrics;
}
