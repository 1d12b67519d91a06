import {
  type AnnotationHolder,
  type AskingAnnotation,
  type Expiration,
  type PartyAsking,
} from "../annotation-reading.ts";
import { limits, patterns } from "../patterns.ts";
import { choose, fits, literal, type PolicyVariable } from "./cel.ts";
import { mapOf } from "./config-map.ts";
import { note, type PodValidation } from "./messages.ts";
import { type AccountParameters, accountParameters, type ParameterMode } from "./parameters.ts";

/** How a policy reads a relying party's annotations of ServiceAccounts. */
export function askedParameters(mode: ParameterMode, asking: PartyAsking): AccountParameters {
  const comment = "The ConfigMap has a line for the pod's ServiceAccount, by which that asks.";
  return accountParameters(mode, { map: mapOf(asking), condition: { name: "asks", comment } });
}

/** The variable with an annotation's value, an empty text where it is absent. */
const askedName = (name: string): string =>
  `asked${name.replaceAll(/(?:^|-)[a-z]/gu, (part) => part.slice(-1).toUpperCase())}`;

/** An annotation's value, as `readAnnotations` gives it under `values`. */
export const asked = (name: string): string => `variables.${askedName(name)}`;

/** Whether a value fits, and is not too long. */
function isFitting(value: string, { pattern, isList }: AskingAnnotation): string {
  const conditions = [
    ...(pattern === undefined ? [] : [fits(value, pattern)]),
    ...(isList === true ? [`size(${value}) <= ${limits.maxSkipList}`] : []),
  ];
  return conditions.join(" && ");
}

/** An annotation's value, or another where it is absent or does not fit: as `readAnnotations` gives it under `fitting`. */
export function fitting<Name extends string>(
  annotations: Readonly<Record<Name, AskingAnnotation>>,
  name: Name,
  otherwise = '""',
): string {
  const fit = isFitting(asked(name), annotations[name]);
  return `${asked(name)} != "" && ${fit} ? ${asked(name)} : ${otherwise}`;
}

/** Where an annotation may stand, each as an optional text. */
function places(
  name: string,
  { key, on }: AskingAnnotation,
  { attribute }: AccountParameters,
): readonly string[] {
  const of: Readonly<Record<AnnotationHolder, string>> = {
    pod: `object.metadata.?annotations[?${literal(key)}]`,
    ServiceAccount: attribute(name, key),
    namespace: `namespaceObject.metadata.?annotations[?${literal(key)}]`,
  };
  return on.map((holder) => of[holder]);
}

/** The values of a relying party's annotations. */
export function askedVariables(
  annotations: Readonly<Record<string, AskingAnnotation>>,
  parameters: AccountParameters,
): readonly PolicyVariable[] {
  return Object.entries(annotations).map(([name, annotation]) => {
    const [first = "", ...more] = places(name, annotation, parameters);
    const or = more.map((place) => `.or(${place})`).join("");
    return { name: askedName(name), expression: `${first}${or}.orValue("")` };
  });
}

/** The warnings about annotations that do not fit, in the sentences of `readAnnotations`. */
export function askedValidations(
  annotations: Readonly<Record<string, AskingAnnotation>>,
  parameters: AccountParameters,
): readonly PodValidation[] {
  const ofEach = Object.entries(annotations).map(([name, annotation]) => {
    const { key, on, instead } = annotation;
    const held = places(name, annotation, parameters);
    // The first that has it; the last needs no question.
    const found = on
      .map((holder, index) => [`${held[index]}.hasValue() ? `, literal(holder)] as const)
      .map(([question, holder], index) => (index === on.length - 1 ? holder : `${question}${holder} : `))
      .join("");
    return {
      expression: `${asked(name)} == "" || ${isFitting(asked(name), annotation)}`,
      messageExpression: note([literal(key)], on.length === 1 ? found : `(${found})`, asked(name), instead),
    };
  });
  return [parameters.noneTooLong, ...ofEach];
}

/** Seconds that are asked for by a text, within bounds: as `secondsOf`. */
export function expirationVariables(text: string, bounds: Expiration): readonly PolicyVariable[] {
  return [
    {
      name: "seconds",
      expression: `${fits(text, patterns.integer)} ? int(${text}) : ${bounds.default}`,
    },
    {
      name: "expiration",
      comment: "Seconds that the token is good for.",
      expression: choose(
        [
          [`variables.seconds < ${bounds.min}`, String(bounds.min)],
          [`variables.seconds > ${bounds.max}`, String(bounds.max)],
        ],
        "variables.seconds",
      ),
    },
  ];
}

/** The names of containers that are skipped, as `namesIn` reads them. */
export function skippedVariable(
  annotations: Readonly<Record<"skip-containers", AskingAnnotation>>,
  separator: string,
): PolicyVariable {
  const list = fitting(annotations, "skip-containers");
  return {
    name: "skipped",
    comment: "The names of containers that are left alone.",
    expression: `(${list})\n  .split(${literal(separator)}).map(name, name.trim())`,
  };
}
