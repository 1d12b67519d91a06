import {
  accountAnnotations,
  chainPrefix,
  namespaceAnnotations,
  podAnnotations,
  profilePrefix,
  skipLabel,
} from "../annotations.ts";
import { allSkipped, noPlace, noteTexts } from "../notes.ts";
import { falseTexts, patterns, trueTexts } from "../patterns.ts";
import { tokenVolumeName } from "../mount-paths.ts";
import { variableNames } from "../variables.ts";
import { fits, literal, literals, type PolicyVariable } from "./cel.ts";
import type { NamedRoles } from "./config-map.ts";
import { note, type PodValidation, said, shown } from "./messages.ts";
import type { Parameters } from "./parameters.ts";

const absentOr = (value: string, condition: string): string => `${value} == "" || ${condition}`;

const asks = [
  literal(", and ServiceAccount "),
  "object.spec.serviceAccountName",
  literal(" asks for "),
  "variables.role",
];

/** One of these holds, a line for each. */
const oneOf = (...conditions: readonly string[]): string => conditions.join("\n|| ");

/** A pod that has its role, or asks for none that can be used, is not looked at container by container. */
const fine = ["variables.isLeftAlone", 'variables.role == ""', "variables.isInjected"] as const;

/**
 * What the messages say of containers. A message is evaluated whether its rule fails or not, so that each has a value
 * even where there is nothing to say.
 */
export function saidVariables(): readonly PolicyVariable[] {
  const lacks = "!target.hasRole && !target.config.exists(value, value == variables.configFile)";
  const whereFine = (nothing: string, found: string): string =>
    `${fine.join(" || ")} ? ${nothing}\n  : ${found}`;
  return [
    {
      name: "isLeftAlone",
      comment: "Whether the pod does without a role, by its label.",
      expression: `object.metadata.?labels[?${literal(skipLabel)}].hasValue()`,
    },
    {
      name: "lacking",
      comment: "The containers that should have a role and have none.",
      expression: whereFine("[]", `variables.meant.filter(target, ${lacks})`),
    },
    {
      name: "ownRole",
      comment: `The first ${variableNames.role} that the pod brought itself.`,
      expression: whereFine(
        '""',
        'variables.meant.filter(target, size(target.role) > 0 && target.role[0] != "")' +
          '\n  .map(target, target.role[0])[?0].orValue("")',
      ),
    },
  ];
}

/** The name of the first container that lacks a role, among those with or without a place for the token. */
const firstLacking = (place: string): string =>
  `variables.lacking.filter(target, ${place}).map(target, target.name)[?0].orValue("")`;

/** A pod of a ServiceAccount with a role has it; the texts are those of `injectionFault`. */
export function injectedValidations(): readonly PodValidation[] {
  const [hasPlace, hasNone] = ["size(target.folders) > 0", "size(target.folders) == 0"];
  const hasVolume = `object.spec.?volumes.orValue([]).exists(volume, volume.name == ${literal(tokenVolumeName)})`;
  return [
    {
      expression: `variables.lacking.all(target, ${hasPlace})`,
      messageExpression: said(
        "PodTokenNotMounted",
        literal("the pod has no place for its token in the container "),
        firstLacking(hasNone),
        literal(noPlace),
        ...asks,
      ),
    },
    {
      expression: `variables.lacking.all(target, ${hasNone})`,
      messageExpression: said(
        "PodNotInjected",
        literal(`the pod has no ${variableNames.role} in the container `),
        firstLacking(hasPlace),
        ...asks,
      ),
    },
    {
      expression: oneOf(...fine, "size(variables.meant) == 0", hasVolume),
      messageExpression: said("PodNotInjected", literal(`the pod has no volume ${tokenVolumeName}`), ...asks),
    },
  ];
}

/** The first of the profiles with something wrong, whose names are those of a variable. */
function profileValidation(
  { role }: Parameters,
  kind: NamedRoles,
  wrong: "Taken" | "Wrong",
  instead: string,
): PodValidation {
  const prefix = kind === "profile" ? profilePrefix : chainPrefix;
  const found = `variables.${kind}${wrong}`;
  return {
    expression: `variables.profileCount == 0 || !variables.isRole || size(${found}) == 0`,
    messageExpression: `variables.profileCount == 0 ? "" : ${note(
      [literal(prefix), `${found}[0]`],
      literal("ServiceAccount"),
      `string(${role(kind, `${found}[0]`)})`,
      instead,
    )}`,
  };
}

function profileValidations(parameters: Parameters): readonly PodValidation[] {
  return (["profile", "chain"] as const).flatMap((kind) => [
    profileValidation(parameters, kind, "Taken", noteTexts.taken),
    profileValidation(parameters, kind, "Wrong", noteTexts.profile),
  ]);
}

/** What is wrong with annotations, as `askedAccess` notes it. */
function annotationValidations(parameters: Parameters): readonly PodValidation[] {
  const one = (
    attribute: "role-arn" | "token-expiration" | "sts-regional-endpoints" | "fs-group" | "token-mode",
    value: string,
    condition: string,
    of = "ServiceAccount",
  ): PodValidation => ({
    expression: absentOr(value, condition),
    messageExpression: note(
      [literal(accountAnnotations[attribute])],
      literal(of),
      value,
      noteTexts[attribute],
    ),
  });
  const near = (attribute: "region" | "session-name", value: string, pattern: RegExp): PodValidation => ({
    expression: absentOr(value, fits(value, pattern)),
    messageExpression: note(
      [literal(namespaceAnnotations[attribute])],
      `(${parameters.attribute(attribute)}.hasValue() ? "ServiceAccount" : "namespace")`,
      value,
      noteTexts.nearest,
    ),
  });
  const [before, after] = noteTexts.tooMany;
  const truths = literals([...trueTexts, ...falseTexts]);
  const mode = "variables.tokenMode";
  return [
    parameters.noneTooLong,
    one("role-arn", "variables.role", "variables.isRole"),
    one(
      "token-expiration",
      "variables.podExpiration",
      fits("variables.podExpiration", patterns.integer),
      "pod",
    ),
    one(
      "token-expiration",
      "variables.accountExpiration",
      fits("variables.accountExpiration", patterns.integer),
    ),
    one("sts-regional-endpoints", "variables.askedRegional", `variables.askedRegional in ${truths}`),
    near("region", "variables.askedRegion", patterns.region),
    near("session-name", "variables.askedSession", patterns.sessionName),
    one("fs-group", "variables.fsGroup", fits("variables.fsGroup", patterns.fsGroup)),
    one("token-mode", mode, fits(mode, patterns.tokenMode)),
    ...profileValidations(parameters),
    {
      expression: "!variables.isRole || !variables.hasTooMany",
      messageExpression: said(
        "InjectionAnnotationInvalid",
        literal(before),
        "string(variables.profileCount)",
        literal(after),
      ),
    },
  ];
}

/** Warnings for the creator of the pod, which are no reason to refuse it. */
export function noteValidations(parameters: Parameters): readonly PodValidation[] {
  return [
    {
      expression: "!variables.isLeftAlone",
      messageExpression: said("InjectionSkipped", literal(`the pod has the label ${skipLabel}`)),
    },
    {
      // Without a list there is no container that is skipped.
      expression: 'variables.role == "" || variables.skipList == "" || size(variables.meant) > 0',
      messageExpression: said("InjectionSkipped", literal(allSkipped)),
    },
    {
      expression: oneOf(
        ...fine,
        "size(variables.meant) == 0",
        'variables.meant.exists(target, size(target.role) == 0 || target.role[0] in ["", variables.role])',
      ),
      messageExpression: said(
        "PodRoleDiffers",
        literal(`the pod has ${variableNames.role} `),
        shown("variables.ownRole"),
        ...asks,
      ),
    },
    {
      expression: "!variables.isLongSkipList",
      messageExpression: note(
        [literal(podAnnotations["skip-containers"])],
        literal("pod"),
        "variables.skipList",
        noteTexts["skip-containers"],
      ),
    },
    ...annotationValidations(parameters),
  ];
}
