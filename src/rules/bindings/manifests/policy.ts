import { defined, mapped } from "../../../core/base/index.ts";

/** One condition that a request has to meet: CEL, and the message where it does not. */
export interface Validation {
  readonly expression: string;
  readonly message?: string;
  /** CEL that gives the message. */
  readonly messageExpression?: string;
}

/** The parts of a ValidatingAdmissionPolicy in which ours differ. */
export interface GuardSpec {
  readonly name: string;
  /** What happens where it cannot decide: it denies, by default. */
  readonly failurePolicy?: "Fail" | "Ignore";
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly apiVersions: readonly string[];
    readonly operations: readonly string[];
    readonly resources: readonly string[];
  }[];
  readonly conditions?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly validations: readonly Validation[];
}

const admission = "admissionregistration.k8s.io/v1";

const named = (record: Readonly<Record<string, string>> = {}): readonly object[] =>
  Object.entries(record).map(([name, expression]) => ({ name, expression }));

/** A policy that denies, with its binding. */
export function guard(spec: GuardSpec): readonly object[] {
  const { name, failurePolicy = "Fail", paramKind, rules, conditions, variables, validations } = spec;
  // Where no object exists, Deny would also keep a binding from being deleted: it is applied before any condition.
  const params =
    paramKind === undefined ? {} : { paramRef: { selector: {}, parameterNotFoundAction: "Allow" } };
  return [
    {
      apiVersion: admission,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy,
        ...defined({ paramKind }),
        matchConstraints: { resourceRules: rules },
        ...defined({ matchConditions: mapped(conditions, named), variables: mapped(variables, named) }),
        validations: validations.map((one) => ({ ...one, reason: "Forbidden" })),
      },
    },
    {
      apiVersion: admission,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"], ...params },
    },
  ];
}
