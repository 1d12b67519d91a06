import type { Reason } from "../../../core/reasons/index.ts";
import { cutMark, maxShown, saying } from "../notes.ts";
import { longListTexts, tooLongTexts } from "../value-length.ts";
import { concatenated, literal } from "./cel.ts";

/** A rule of a ValidatingAdmissionPolicy: what holds for a good pod, and the message for another. */
export interface PodValidation {
  readonly expression: string;
  readonly messageExpression: string;
}

/** The message about a pod: its reason, and expressions for the rest. */
export const said = (reason: Reason, ...text: readonly string[]): string =>
  concatenated(literal(saying(reason, "")), ...text);

/** A value as `annotationNote` shows it. */
export function shown(value: string): string {
  const cut = `${value}.substring(0, ${maxShown}) + ${literal(cutMark)}`;
  return `strings.quote(size(${value}) > ${maxShown} ? ${cut} : ${value})`;
}

/** What `annotationNote` says; all but the last are expressions. */
export function note(key: readonly string[], of: string, value: string, instead: string): string {
  return said(
    "InjectionAnnotationInvalid",
    literal("annotation "),
    ...key,
    literal(" of the "),
    of,
    literal(" is "),
    shown(value),
    literal(`: ${instead}`),
  );
}

/** A rule that fails where annotations of the ServiceAccount are too long, of which the first is told. */
export const noLongValue: PodValidation = {
  expression: "size(variables.tooLong) == 0",
  messageExpression: said(
    "InjectionAnnotationInvalid",
    literal(tooLongTexts[0]),
    'variables.tooLong[?0].orValue("")',
    literal(tooLongTexts[1]),
  ),
};

/** The message about the first attribute of which a ConfigMap has more than is read. */
export function longList(configMap: string): string {
  const [before, between, behind] = longListTexts;
  return said(
    "InjectionAnnotationInvalid",
    literal(before + configMap + between),
    "variables.longTexts[0]",
    literal(behind),
  );
}
