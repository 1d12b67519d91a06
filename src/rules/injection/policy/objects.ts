import { defined, type JsonRecord } from "../../../core/base/index.ts";
import { skipLabel } from "../annotations.ts";
import type { PolicyVariable } from "./cel.ts";
import type { PodValidation } from "./messages.ts";
import type { ParameterBinding } from "./parameters.ts";

/** The minors of Kubernetes whose API servers have MutatingAdmissionPolicy: 1.35 behind a feature gate. */
export const policyMinors = ["1.35", "1.36", "1.37"] as const;
export type PolicyMinor = (typeof policyMinors)[number];

const group = "admissionregistration.k8s.io";

/** The labels of every object of injection. */
export const labels = { "app.kubernetes.io/name": "podtrust", "app.kubernetes.io/component": "injection" };

const noSkipLabel = { matchExpressions: [{ key: skipLabel, operator: "DoesNotExist" }] };

/** A condition under which a policy is asked at all. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** Pods when they are created; without `skippable` also those that opt out. */
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

/** What a policy is made of, whichever its kind. */
interface PolicyParts {
  readonly name: string;
  /** Absent: it reads the pod and its namespace alone. */
  readonly parameters?: ParameterBinding | undefined;
  /**
   * After those of the parameters. They must not ask whether something is left to do: a policy that did not match is
   * not asked again.
   */
  readonly matchConditions?: readonly MatchCondition[];
  /** Those that no expression uses are left out. */
  readonly variables: readonly PolicyVariable[];
}

const kindOf = (parameters: PolicyParts["parameters"]): JsonRecord =>
  defined({ paramKind: parameters?.paramKind });

/** The part of the parameters that belongs in a binding. */
function boundBy(parameters: PolicyParts["parameters"]): JsonRecord {
  if (parameters === undefined) return {};
  const { paramRef, matchResources } = parameters;
  return { paramRef, ...defined({ matchResources }) };
}

const conditionsOf = (
  { matchConditions = [] }: PolicyParts,
  ofParameters: readonly MatchCondition[] = [],
): readonly MatchCondition[] => [...ofParameters, ...matchConditions];

/** A MutatingAdmissionPolicy for pods, and its binding. */
export function mutatingObjects(
  parts: PolicyParts & { readonly kubernetes: PolicyMinor; readonly expression: string },
): readonly JsonRecord[] {
  const { name, parameters, variables, kubernetes, expression } = parts;
  const metadata = { name, labels };
  const apiVersion = `${group}/${kubernetes === "1.35" ? "v1beta1" : "v1"}`;
  const spec = {
    // A pod without its token is found later, if at all.
    failurePolicy: "Fail",
    // So that containers which others add get it too.
    reinvocationPolicy: "IfNeeded",
    ...kindOf(parameters),
    matchConstraints: constraints(true),
    matchConditions: conditionsOf(parts, parameters?.changeConditions ?? parameters?.matchConditions),
    variables: usedBy([expression], variables),
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
  };
  return [
    { apiVersion, kind: "MutatingAdmissionPolicy", metadata, spec },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, ...boundBy(parameters) },
    },
  ];
}

/** What a policy that only warns does: in the answer to the creator of a pod, and in the audit log. */
export const warnings = ["Warn", "Audit"] as const;

/** A ValidatingAdmissionPolicy for pods, and its binding. */
export function validatingObjects(
  parts: PolicyParts & {
    readonly skippable: boolean;
    readonly validations: readonly PodValidation[];
    readonly validationActions: readonly string[];
  },
): readonly JsonRecord[] {
  const { name, parameters, variables, skippable, validations, validationActions } = parts;
  const metadata = { name, labels };
  const expressions = validations.flatMap(({ expression, messageExpression }) => [
    expression,
    messageExpression,
  ]);
  const spec = {
    // Warnings are optional; Deny enforces injection.
    failurePolicy: validationActions.includes("Deny") ? "Fail" : "Ignore",
    ...kindOf(parameters),
    matchConstraints: constraints(skippable),
    matchConditions: conditionsOf(parts, parameters?.matchConditions),
    variables: usedBy(expressions, variables),
    validations,
  };
  return [
    { apiVersion: `${group}/v1`, kind: "ValidatingAdmissionPolicy", metadata, spec },
    {
      apiVersion: `${group}/v1`,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions, ...boundBy(parameters) },
    },
  ];
}
