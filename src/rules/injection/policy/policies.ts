import type { JsonRecord } from "../../../core/base/index.ts";
import { boundPolicies, serviceAccountQuota } from "./bound.ts";
import type { PodValidation } from "./messages.ts";
import { labels, mutatingObjects, type PolicyMinor, validatingObjects, warnings } from "./objects.ts";
import { type ParameterMode, parametersOf } from "./parameters.ts";
import { patchExpression } from "./patch.ts";
import { injectedValidations, noteValidations, saidVariables } from "./validations.ts";
import { policyVariables } from "./variables.ts";

/** Which policies are wanted. */
export interface PolicySpec {
  readonly mode: ParameterMode;
  /** Of the mode `serviceaccounts`: the namespaces whose quota is wanted too. */
  readonly namespaces?: readonly string[];
  /** 1.36 by default: its form works for every later one. */
  readonly kubernetes?: PolicyMinor;
  /** A pod that did not get its role is refused; by default its creator is warned. */
  readonly deny?: boolean;
  /** False: no warning says why a pod got no role, and which annotations cannot be used. */
  readonly warn?: boolean;
}

/** Names of the policies and their bindings. */
const policyNames = {
  /** Injects. */
  injection: "podtrust-injection",
  /** Checks whether a pod was injected, by any injector, and warns unless it refuses. */
  injected: "podtrust-injected",
  /** Warns where the other refuses. */
  notes: "podtrust-injection-notes",
} as const;

interface Checking {
  readonly name: string;
  readonly skippable: boolean;
  readonly validations: readonly PodValidation[];
  readonly validationActions: readonly string[];
}

/**
 * The admission policies by which the API server itself injects, and says why a pod got no token: objects for `kubectl
 * apply`, cluster-wide, which need no other part of podtrust. Made from the constants of `inject`.
 */
export function injectionPolicies(spec: PolicySpec): readonly JsonRecord[] {
  const { mode, namespaces = [], kubernetes = "1.36", deny = false, warn = true } = spec;
  const parameters = parametersOf(mode);
  const said = noteValidations(parameters);
  const { injected, notes } = policyNames;
  // Each policy has the pod converted three times: what only warns is one.
  const checks: readonly Checking[] = deny
    ? [
        { name: injected, skippable: true, validations: injectedValidations(), validationActions: ["Deny"] },
        ...(warn ? [{ name: notes, skippable: false, validations: said, validationActions: warnings }] : []),
      ]
    : [
        {
          name: injected,
          skippable: false,
          validations: [...injectedValidations(), ...said],
          validationActions: warnings,
        },
      ].filter(() => warn);
  const variables = policyVariables(parameters);
  const expression = patchExpression();
  return [
    ...mutatingObjects({ name: policyNames.injection, parameters, variables, kubernetes, expression }),
    ...checks.flatMap((one) =>
      validatingObjects({ ...one, parameters, variables: [...variables, ...saidVariables()] }),
    ),
    ...(mode === "serviceaccounts" ? boundPolicies(labels) : []),
    ...namespaces.map((namespace) => serviceAccountQuota(namespace, labels)),
  ];
}
