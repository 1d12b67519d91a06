import { placeTaken } from "../notes.ts";
import { literal, literals, type PolicyVariable, verbatim } from "./cel.ts";
import { type PodValidation, said } from "./messages.ts";
import { lacksVolume } from "./operations.ts";
import type { TokenOfAccounts, TokenPolicy } from "./token-policy.ts";

/** The names of the containers that lack the variable with the path of their token, among those with or without a place for it. */
const [withoutTokenFile, unplaced] = ["variables.withoutTokenFile", "variables.unplaced"];

function lacking({ folder, volume, skipped, guard, groups }: TokenOfAccounts, isPlaced: boolean): string {
  const isElsewhere = `!mount.mountPath.matches(${literal(`^${verbatim(folder)}/*$`)})`;
  const hasPlace = `container.?volumeMounts.orValue([]).all(mount, ${isElsewhere} || mount.name == ${literal(volume)})`;
  const lacks = [
    `!(container.name in ${skipped})`,
    `!container.?env.orValue([]).exists(variable, variable.name in ${literals(groups.file.names)})`,
    isPlaced ? hasPlace : `!${hasPlace}`,
  ].join("\n    && ");
  const named = ["initContainers", "containers"].map(
    (list) =>
      `object.spec.?${list}.orValue([])\n  .filter(container, ${lacks})\n  .map(container, container.name)`,
  );
  return `!(${guard}) ? [] : (${named.join("\n+ ")})`;
}

/** The variables of the validations of a pod that has to know where its token is. */
export function injectedVariables(policy: TokenOfAccounts): readonly PolicyVariable[] {
  return [
    {
      name: "withoutTokenFile",
      comment: "The containers that should know where their token is and do not.",
      expression: lacking(policy, true),
    },
    {
      name: "unplaced",
      comment: "The same of those where a volume of their own is in its place.",
      expression: lacking(policy, false),
    },
  ];
}

const first = (list: string): string => `${list}[?0].orValue("")`;

/** A pod that asks by its ServiceAccount knows where its token is; the texts are those of `partyFault`. */
export function injectedValidations({ folder, groups }: TokenOfAccounts): readonly PodValidation[] {
  const [variable] = groups.file.names;
  return [
    {
      expression: `size(${unplaced}) == 0`,
      messageExpression: said(
        "PodTokenNotMounted",
        literal("the pod has no place for its token in the container "),
        first(unplaced),
        literal(placeTaken(folder)),
      ),
    },
    {
      expression: `size(${withoutTokenFile}) == 0`,
      messageExpression: said(
        "PodNotInjected",
        literal(`the pod has no ${variable} in the container `),
        first(withoutTokenFile),
      ),
    },
  ];
}

/** The same of one that asks by an annotation of its own. */
export function volumeValidations({ volume }: TokenPolicy, annotation: string): readonly PodValidation[] {
  return [
    {
      expression: `!(${lacksVolume(volume)})`,
      messageExpression: said(
        "PodNotInjected",
        literal(`the pod has no volume ${volume}, for which its annotation ${annotation} asks`),
      ),
    },
  ];
}
