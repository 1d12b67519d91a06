import type { JsonRecord } from "../../../core/base/index.ts";
import { skipLabel } from "../annotations.ts";
import { boundPolicies, serviceAccountQuota } from "./bound.ts";
import type { PolicyVariable } from "./cel.ts";
import { type ParameterMode, type Parameters, parametersOf } from "./parameters.ts";
import { patchExpression } from "./patch.ts";
import { injectedValidations, noteValidations, saidVariables, type PodValidation } from "./validations.ts";
import { policyVariables } from "./variables.ts";

/** The minors of Kubernetes whose API servers have MutatingAdmissionPolicy: 1.35 behind a feature gate. */
export const policyMinors = ["1.35", "1.36", "1.37"] as const;
export type PolicyMinor = (typeof policyMinors)[number];

/** Which policies are wanted. */
export interface PolicySpec {
  readonly mode: ParameterMode;
  /** Of the mode `serviceaccounts`: the namespaces whose quota is wanted too. */
  readonly namespaces?: readonly string[];
  /** 1.36 by default: its form is good for every later one. */
  readonly kubernetes?: PolicyMinor;
  /** A pod that did not get its role is refused; by default its maker is warned. */
  readonly deny?: boolean;
  /** False: nobody is told why a pod got no role, and what cannot be used of the annotations. */
  readonly warn?: boolean;
}

/** Names of the policies and their bindings. */
const policyNames = {
  /** Injects. */
  injection: "podtrust-injection",
  /** Looks whether a pod was injected, by whomever; and says what is worth knowing, unless it refuses. */
  injected: "podtrust-injected",
  /** Says what is worth knowing where the other refuses. */
  notes: "podtrust-injection-notes",
} as const;

const group = "admissionregistration.k8s.io";
const labels = { "app.kubernetes.io/name": "podtrust", "app.kubernetes.io/component": "injection" };

const warnings = ["Warn", "Audit"] as const;

const noSkipLabel = { matchExpressions: [{ key: skipLabel, operator: "DoesNotExist" }] };

/** Pods when they are made; without `skippable` those too that do without. */
function constraints(skippable: boolean): JsonRecord {
  return {
    resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    ...(skippable ? { objectSelector: noSkipLabel } : {}),
  };
}

/** A variable with its comment, which CEL reads over, before the expression: so it is there too in the cluster. */
function written({ name, comment, expression }: PolicyVariable): JsonRecord {
  return { name, expression: comment === undefined ? expression : `// ${comment}\n${expression}` };
}

/** Of the variables those that the expressions use, themselves or by another. */
function usedBy(expressions: readonly string[], variables: readonly PolicyVariable[]): readonly JsonRecord[] {
  const used = new Set<string>();
  const walk = (expression: string): void => {
    for (const [, name = ""] of expression.matchAll(/variables\.(\w+)/gu)) {
      if (used.has(name)) continue;
      used.add(name);
      for (const one of variables) if (one.name === name) walk(one.expression);
    }
  };
  for (const expression of expressions) walk(expression);
  return variables.filter(({ name }) => used.has(name)).map(written);
}

const inPlaces = (matchResources: Parameters["matchResources"]): JsonRecord =>
  matchResources === undefined ? {} : { matchResources };

function mutating(parameters: Parameters, apiVersion: string): readonly JsonRecord[] {
  const metadata = { name: policyNames.injection, labels };
  const { paramKind, paramRef, matchResources, matchConditions } = parameters;
  const expression = patchExpression();
  const spec = {
    // A pod without its token is found later, if at all.
    failurePolicy: "Fail",
    // So that containers which others add get the role too.
    reinvocationPolicy: "IfNeeded",
    paramKind,
    matchConstraints: constraints(true),
    // They must not ask whether something is left to do: a policy that did not match is not asked again.
    matchConditions,
    variables: usedBy([expression], policyVariables(parameters)),
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
  };
  return [
    { apiVersion, kind: "MutatingAdmissionPolicy", metadata, spec },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: policyNames.injection, paramRef, ...inPlaces(matchResources) },
    },
  ];
}

interface Checking {
  readonly name: string;
  readonly skippable: boolean;
  readonly validations: readonly PodValidation[];
  readonly validationActions: readonly string[];
}

function validating(parameters: Parameters, checking: Checking): readonly JsonRecord[] {
  const { name, skippable, validations, validationActions } = checking;
  const metadata = { name, labels };
  const { paramKind, paramRef, matchResources, matchConditions } = parameters;
  const expressions = validations.flatMap(({ expression, messageExpression }) => [
    expression,
    messageExpression,
  ]);
  const spec = {
    // What it says comes beside; with Deny it is what injection is held to.
    failurePolicy: validationActions.includes("Deny") ? "Fail" : "Ignore",
    paramKind,
    matchConstraints: constraints(skippable),
    matchConditions,
    variables: usedBy(expressions, [...policyVariables(parameters), ...saidVariables()]),
    validations,
  };
  return [
    { apiVersion: `${group}/v1`, kind: "ValidatingAdmissionPolicy", metadata, spec },
    {
      apiVersion: `${group}/v1`,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions, paramRef, ...inPlaces(matchResources) },
    },
  ];
}

/**
 * The admission policies by which the API server itself injects, and says why a pod got no token: objects for
 * `kubectl apply`, cluster-wide, which need nothing else of podtrust. Made from the constants of `inject`.
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
  return [
    ...mutating(parameters, `${group}/${kubernetes === "1.35" ? "v1beta1" : "v1"}`),
    ...checks.flatMap((one) => validating(parameters, one)),
    ...(mode === "serviceaccounts" ? boundPolicies(labels) : []),
    ...namespaces.map((namespace) => serviceAccountQuota(namespace, labels)),
  ];
}
