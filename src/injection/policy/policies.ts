import type { JsonRecord } from "../../base/index.ts";
import { skipLabel } from "../annotations.ts";
import { type ParameterMode, type Parameters, parametersOf } from "./parameters.ts";
import { patchExpression } from "./patch.ts";
import { injectedValidations, noteValidations, type Validation } from "./validations.ts";
import { policyVariables } from "./variables.ts";

/** The minors of Kubernetes whose API servers have MutatingAdmissionPolicy: 1.35 behind a feature gate. */
export const policyMinors = ["1.35", "1.36", "1.37"] as const;
export type PolicyMinor = (typeof policyMinors)[number];

/** Which policies are wanted. */
export interface PolicyWish {
  /** `serviceaccounts` unless told. */
  readonly mode?: ParameterMode;
  /** 1.36 unless told: its form is good for every later one. */
  readonly kubernetes?: PolicyMinor;
  /** A pod that did not get its role is refused; unless told its maker is warned. */
  readonly deny?: boolean;
  /** False: nobody is told why a pod got no role, and what cannot be used of the annotations. */
  readonly warn?: boolean;
}

/** Names of the policies and their bindings. */
const policyNames = {
  /** Injects. */
  injection: "podtrust-injection",
  /** Looks whether a pod was injected, by whomever. */
  injected: "podtrust-injected",
  /** Says what is worth knowing. */
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

function mutating(parameters: Parameters, apiVersion: string): readonly JsonRecord[] {
  const metadata = { name: policyNames.injection, labels };
  const { paramKind, paramRef, matchConditions } = parameters;
  const spec = {
    // A pod without its token is found later, if at all.
    failurePolicy: "Fail",
    // So that containers which others add get the role too.
    reinvocationPolicy: "IfNeeded",
    paramKind,
    matchConstraints: constraints(true),
    // They must not ask whether something is left to do: a policy that did not match is not asked again.
    matchConditions,
    variables: policyVariables(parameters),
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patchExpression() } }],
  };
  return [
    { apiVersion, kind: "MutatingAdmissionPolicy", metadata, spec },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: policyNames.injection, paramRef },
    },
  ];
}

interface Checking {
  readonly name: string;
  readonly skippable: boolean;
  readonly validations: readonly Validation[];
  readonly validationActions: readonly string[];
}

function validating(parameters: Parameters, checking: Checking): readonly JsonRecord[] {
  const { name, skippable, validations, validationActions } = checking;
  const metadata = { name, labels };
  const { paramKind, paramRef, matchConditions } = parameters;
  const spec = {
    // What it says comes beside; with Deny it is what injection is held to.
    failurePolicy: validationActions.includes("Deny") ? "Fail" : "Ignore",
    paramKind,
    matchConstraints: constraints(skippable),
    matchConditions,
    variables: policyVariables(parameters),
    validations,
  };
  return [
    { apiVersion: `${group}/v1`, kind: "ValidatingAdmissionPolicy", metadata, spec },
    {
      apiVersion: `${group}/v1`,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions, paramRef },
    },
  ];
}

/**
 * The admission policies by which the API server itself injects, and says why a pod got no token: objects for
 * `kubectl apply`, cluster-wide, which need nothing else of podtrust. Made from the constants of `inject`.
 */
export function injectionPolicies(wish: PolicyWish = {}): readonly JsonRecord[] {
  const { mode = "serviceaccounts", kubernetes = "1.36", deny = false, warn = true } = wish;
  const parameters = parametersOf(mode);
  const injected: Checking = {
    name: policyNames.injected,
    skippable: true,
    validations: injectedValidations(),
    validationActions: deny ? ["Deny"] : warnings,
  };
  const notes: Checking = {
    name: policyNames.notes,
    skippable: false,
    validations: noteValidations(parameters),
    validationActions: warnings,
  };
  return [
    ...mutating(parameters, `${group}/${kubernetes === "1.35" ? "v1beta1" : "v1"}`),
    ...(deny || warn ? validating(parameters, injected) : []),
    ...(warn ? validating(parameters, notes) : []),
  ];
}
