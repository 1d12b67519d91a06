import { placeTaken } from "../notes.ts";
import { literal, literals, type PolicyVariable, verbatim } from "./cel.ts";
import { type PodValidation, said } from "./messages.ts";
import { lacksVolume } from "./operations.ts";
import type { TokenOfAccounts, TokenPolicy } from "./token-policy.ts";

/** The names of the containers that are not told where their token is, among those with or without a place for it. */
const [untold, unplaced] = ["variables.untold", "variables.unplaced"];

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

/** What the validations of a pod that has to be told where its token is look at. */
export function injectedVariables(policy: TokenOfAccounts): readonly PolicyVariable[] {
  return [
    {
      name: "untold",
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

/** A pod that asks by its ServiceAccount was told where its token is; the texts are those of `partyFault`. */
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
      expression: `size(${untold}) == 0`,
      messageExpression: said(
        "PodNotInjected",
        literal(`the pod has no ${variable} in the container `),
        first(untold),
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
