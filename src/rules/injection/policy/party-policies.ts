import type { JsonRecord } from "../../../core/base/index.ts";
import type { FederatedParty } from "../../oidc/index.ts";
import { askedParameters, askedValidations, askedVariables } from "./annotation-variables.ts";
import { boundPolicies, serviceAccountQuota } from "./bound.ts";
import { asksBy, mapOf } from "./config-map.ts";
import { injectedValidations, injectedVariables, volumeValidations } from "./injected.ts";
import { labels, validatingObjects, warnings } from "./objects.ts";
import type { PolicySpec } from "./policies.ts";
import {
  isNotWindows,
  type PartyPolicy,
  type PodPolicy,
  tokenPolicies,
  type TokenPolicy,
} from "./token-policy.ts";

/** How the API server gives pods the token of a relying party that ServiceAccounts ask for. */
export interface AccountPolicies {
  readonly askedBy: "ServiceAccount";
  /** The annotations by one of which it is asked for. */
  readonly asksBy: readonly string[];
  /** What has those annotations in the mode `configmap`. */
  readonly configMap: string;
  /**
   * The admission policies by which the API server gives pods the token, where their ServiceAccount asks, and says
   * which annotations it cannot use: what `injectParties` does. They read the ConfigMap of that relying party, so that
   * other pods cost no more.
   */
  readonly policies: (spec: PolicySpec) => readonly JsonRecord[];
}

/** Which policies are wanted of those that read the pod alone. */
export type PodPolicySpec = Pick<PolicySpec, "kubernetes" | "deny">;

/** The same for one that pods themselves ask for. */
export interface PodPolicies {
  readonly askedBy: "pod";
  /** An annotation by which it is asked for, with a value. */
  readonly asksBy: readonly [key: string, value: string];
  /** They read nothing but the pod, and any other pod costs one comparison. */
  readonly policies: (spec?: PodPolicySpec) => readonly JsonRecord[];
}

/** How the API server gives pods a relying party's token. */
export type PartyPolicies = AccountPolicies | PodPolicies;

/** The refusal of a pod that asked and did not get its token. */
const denying = { skippable: true, validationActions: ["Deny"] } as const;

const injectedName = ({ name }: Pick<TokenPolicy, "name">): string => `${name}-injected`;

function ofAccounts({ asking, token }: PartyPolicy, spec: PolicySpec): readonly JsonRecord[] {
  const { mode, namespaces = [], kubernetes = "1.36", deny = false, warn = true } = spec;
  const parameters = askedParameters(mode, asking);
  const matchConditions = [...token.matchConditions, { name: "system", expression: isNotWindows }];
  const variables = [...parameters.variables, ...askedVariables(asking.annotations, parameters)];
  const notes = {
    name: `${token.name}-notes`,
    parameters,
    matchConditions,
    variables,
    skippable: true,
    validations: askedValidations(asking.annotations, parameters),
    validationActions: warnings,
  };
  const injecting = { ...token, parameters, matchConditions, variables: [...variables, ...token.variables] };
  const injected = {
    ...denying,
    name: injectedName(token),
    parameters,
    matchConditions,
    variables: [...injecting.variables, ...injectedVariables(token)],
    validations: injectedValidations(token),
  };
  return [
    ...tokenPolicies(injecting, kubernetes),
    ...(deny ? validatingObjects(injected) : []),
    ...(warn ? validatingObjects(notes) : []),
    ...(mode === "serviceaccounts" ? boundPolicies(labels) : []),
    ...namespaces.map((namespace) => serviceAccountQuota(namespace, labels)),
  ];
}

function accountPolicies(policy: PartyPolicy): AccountPolicies {
  const map = mapOf(policy.asking);
  const { configMap } = map;
  return {
    askedBy: "ServiceAccount",
    asksBy: asksBy(map),
    configMap,
    policies: (spec) => ofAccounts(policy, spec),
  };
}

function podPolicies({ asksBy: asking, token }: PodPolicy): PodPolicies {
  const injected = {
    ...denying,
    name: injectedName(token),
    matchConditions: token.matchConditions,
    variables: [],
    validations: volumeValidations(token, asking[0]),
  };
  return {
    askedBy: "pod",
    asksBy: asking,
    policies: ({ kubernetes = "1.36", deny = false } = {}) => [
      ...tokenPolicies(token, kubernetes),
      ...(deny ? validatingObjects(injected) : []),
    ],
  };
}

/**
 * One row for each relying party beside AWS, loaded where its policies are needed: not where pods are injected or
 * checked.
 */
const rows: Readonly<Record<FederatedParty, () => Promise<PartyPolicies>>> = {
  gcp: async () => accountPolicies((await import("./gcp.ts")).googlePolicy),
  azure: async () => accountPolicies((await import("./azure.ts")).azurePolicy),
  openbao: async () => podPolicies((await import("./openbao.ts")).openbaoPolicy),
};

/** How the API server gives pods the token of a relying party beside AWS. */
export function loadPartyPolicies(name: FederatedParty): Promise<PartyPolicies> {
  return rows[name]();
}
