import { type Choice, waysOf } from "./choices.ts";
import { Emitter, type Marks, type OptionalMarks } from "./emit.ts";
import { Merge } from "./merge.ts";

/** A part of the chart: objects that one function of src/ makes, of what is chosen and of what is filled in. */
export interface ChartPart {
  /** Where they are made, for who reads the template. */
  readonly source: string;
  /** What holds in Helm's language where the part is wanted. */
  readonly wanted: string;
  /** Values that must not be empty then, each with what a person does about it. */
  readonly required?: Readonly<Record<string, string>>;
  readonly marks: Marks;
  readonly optional?: OptionalMarks;
  readonly choices: readonly Choice[];
  readonly objects: (chosen: Readonly<Record<string, unknown>>) => readonly object[];
}

/** Helm makes no namespace for a release: it is there before. */
const isKept = (object: object): boolean => !("kind" in object && object.kind === "Namespace");

/** A part as a template of Helm: whatever the objects are changed to, the chart follows. */
export function templateOf({ wanted, required = {}, choices, objects, ...part }: ChartPart): string {
  const ways = waysOf(choices);
  // As JSON says it: a key without a value is none. What is alike in several ways is one object, which is merged once.
  const known = new Map<string, object>();
  const plain = (object: object): object => {
    const text = JSON.stringify(object);
    const same = known.get(text) ?? (JSON.parse(text) as object);
    known.set(text, same);
    return same;
  };
  const shapes = ways.map((way, index): [number, unknown] => {
    const chosen = choices.map(({ key, options }, at) => [key, options[way[at] ?? 0]?.value]);
    const made = objects(Object.fromEntries(chosen) as Record<string, unknown>).filter(isKept);
    return [index, made.map(plain)];
  });
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
    ...new Emitter(part.marks, part.optional).documents(new Merge(choices, ways).node(new Map(shapes))),
    "{{- end }}",
    "",
  ].join("\n");
}
