import { type Group, type Way, waysOf } from "./choices.ts";
import { Emitter, type Marks, type OptionalMarks } from "./emit.ts";
import { Merge, type Node } from "./merge.ts";

/** A part of the chart: objects that one function of src/ makes, of what is chosen and of what is filled in. */
export interface ChartPart {
  /** Where they are made, for who reads the template. */
  readonly source: string;
  /** What holds in Helm's language where the part is wanted. */
  readonly wanted: string;
  /** Values that must not be empty then, each with what a person does about it. */
  readonly required?: Readonly<Record<string, string>>;
  /** What is refused, by what holds in Helm's language then, each with what is wrong. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly marks: Marks;
  readonly optional?: OptionalMarks;
  readonly choices: readonly Group[];
  readonly objects: (chosen: Readonly<Record<string, unknown>>) => readonly object[];
}

/** Helm makes no namespace for a release: it is there before. */
const isKept = (object: object): boolean => !("kind" in object && object.kind === "Namespace");

/** A part's objects in one way to choose, as JSON says them: a key without a value is none. */
export function objectsIn(
  { choices, objects }: Pick<ChartPart, "choices" | "objects">,
  way: Way,
): readonly unknown[] {
  const chosen = choices.flat().map(({ key, options }, at) => [key, options[way[at] ?? 0]?.value]);
  const made = objects(Object.fromEntries(chosen) as Record<string, unknown>);
  return JSON.parse(JSON.stringify(made.filter(isKept))) as readonly unknown[];
}

/** The objects of a part in every way to choose, laid over one another. */
export function nodeOf(part: Pick<ChartPart, "choices" | "objects">): Node {
  const ways = waysOf(part.choices);
  // What is alike in several ways is one object, which is merged once.
  const known = new Map<string, unknown>();
  const single = (object: unknown): unknown => {
    const text = JSON.stringify(object);
    const same = known.get(text) ?? object;
    known.set(text, same);
    return same;
  };
  const shapes = ways.map((way, index): [number, unknown] => [index, objectsIn(part, way).map(single)]);
  return new Merge(part.choices, ways).node(new Map(shapes));
}

/** A part as a template of Helm: whatever the objects are changed to, the chart follows. */
export function templateOf({ wanted, required = {}, refused = {}, ...part }: ChartPart): string {
  return [
    `{{- /* Made by npm run chart of ${part.source}; edit that. */}}`,
    '{{- include "podtrust.values" . }}',
    `{{- if ${wanted} }}`,
    "{{- if ne .Release.Namespace .Values.namespace }}",
    '{{- fail (printf "the values are for the namespace %s: give helm --namespace %s" .Values.namespace .Values.namespace) }}',
    "{{- end }}",
    ...Object.entries(required).map(
      ([value, next]) => `{{- $_ := required "${value} is empty: ${next}" .Values.${value} }}`,
    ),
    ...Object.entries(refused).map(
      ([when, what]) => `{{- if ${when} }}{{ fail ${JSON.stringify(what)} }}{{ end }}`,
    ),
    ...new Emitter(part.marks, part.optional).documents(nodeOf(part)),
    "{{- end }}",
    "",
  ].join("\n");
}
