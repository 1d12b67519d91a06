import { type JsonRecord, textOf } from "../../core/base/index.ts";
import { annotationsOf, type Surroundings } from "./annotated-access.ts";
import { annotationNote, type InjectionNote } from "./notes.ts";
import { patterns } from "./patterns.ts";
import { isShortSkipList } from "./skip-list.ts";
import { isTooLong, tooLongNote } from "./value-length.ts";

/** The object that has an annotation. */
export type AnnotationHolder = "pod" | "ServiceAccount" | "namespace";

/** An annotation that configures a relying party's injection. */
export interface AskingAnnotation {
  readonly key: string;
  /** Where it is looked for: the first that has it counts, and there an empty value is none. */
  readonly on: readonly [AnnotationHolder, ...AnnotationHolder[]];
  /** What its value looks like, in JavaScript and in CEL (RE2); absent: any way. */
  readonly pattern?: RegExp;
  /** It is a list of containers, whose length is limited. */
  readonly isList?: true;
  /** What is wrong with another value, and what happens in its place. */
  readonly instead: string;
}

/** A relying party's annotations, by what each is about. */
export type AskingAnnotations = Readonly<Record<string, AskingAnnotation>>;

/** A label by which pods ask, in namespaces that have an annotation. */
export interface AskingLabel {
  readonly key: string;
  readonly value: string;
  /** The annotation of the namespace, without which there is nothing to give. */
  readonly namespaceKey: string;
}

/** How ServiceAccounts ask for a relying party. */
export interface PartyAsking {
  readonly annotations: AskingAnnotations;
  /** A ServiceAccount that has one of these asks. */
  readonly asks: readonly string[];
  /** The ConfigMap of a namespace that has what its ServiceAccounts ask for, for policies of the mode `configmap`. */
  readonly configMap: string;
  /** A pod with this label asks too, whatever its ServiceAccount says. */
  readonly label?: AskingLabel;
}

/** The annotations of one pod and of the objects around it; an empty text is an absent one. */
export interface AnnotationReading<Name extends string> {
  readonly values: Readonly<Record<Name, string>>;
  /** The same, without those that do not fit. */
  readonly fitting: Readonly<Record<Name, string>>;
  /** The ServiceAccount's that are too long: they are as absent ones, and noted. */
  readonly tooLong: ReadonlySet<Name>;
  /** What is wrong with those. */
  readonly notes: readonly InjectionNote[];
}

function isFitting(value: string, { pattern, isList }: AskingAnnotation): boolean {
  return (pattern?.test(value) ?? true) && (isList !== true || isShortSkipList(value));
}

/** Reads a relying party's annotations; `on` says of which object. */
export function readAnnotations<Name extends string>(
  annotations: Readonly<Record<Name, AskingAnnotation>>,
  pod: JsonRecord,
  around: Surroundings,
): AnnotationReading<Name> {
  const held: Readonly<Record<AnnotationHolder, JsonRecord>> = {
    pod: annotationsOf(pod),
    ServiceAccount: annotationsOf(around.serviceAccount),
    namespace: annotationsOf(around.namespace),
  };
  const notes: InjectionNote[] = [];
  const tooLong = new Set<Name>();
  const read = Object.entries<AskingAnnotation>(annotations).map(([name, annotation]) => {
    const { key, on, instead } = annotation;
    const isLong = on.includes("ServiceAccount") && isTooLong(textOf(held.ServiceAccount[key]));
    if (isLong) {
      tooLong.add(name as Name);
      notes.push(tooLongNote(key));
    }
    const text = (of: AnnotationHolder): string | undefined =>
      isLong && of === "ServiceAccount" ? undefined : textOf(held[of][key]);
    const holder = on.find((one) => text(one) !== undefined) ?? on[0];
    const value = text(holder) ?? "";
    const fits = value === "" || isFitting(value, annotation);
    if (!fits) notes.push(annotationNote(key, holder, value, instead));
    return { name, value, fitting: fits ? value : "" };
  });
  const byName = (of: "value" | "fitting"): Readonly<Record<Name, string>> =>
    Object.fromEntries(read.map((one) => [one.name, one[of]])) as Record<Name, string>;
  return { values: byName("value"), fitting: byName("fitting"), tooLong, notes };
}

/** Whether a ServiceAccount asks for a relying party. */
export function isAsking(serviceAccount: JsonRecord, { annotations, asks }: PartyAsking): boolean {
  const held = annotationsOf(serviceAccount);
  return Object.entries(annotations).some(
    ([name, { key }]) => asks.includes(name) && (textOf(held[key]) ?? "") !== "",
  );
}

/** The bounds of a token's lifetime in seconds, and its default. */
export interface Expiration {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** The requested lifetime within its bounds; a text that is no number counts as absent. */
export function secondsOf(text: string, bounds: Expiration): number {
  if (!patterns.integer.test(text)) return bounds.default;
  return Math.min(Math.max(Number(text), bounds.min), bounds.max);
}

/** The names in a list of containers to skip. Spaces around them do not count. */
export function namesIn(list: string, separator: string): readonly string[] {
  return list
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
