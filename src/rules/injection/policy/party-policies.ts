import type { JsonRecord } from "../../../core/base/index.ts";
import type { FederatedParty } from "../../oidc/index.ts";
import { askedParameters, askedValidations, askedVariables } from "./asked.ts";
import { boundPolicies, serviceAccountQuota } from "./bound.ts";
import { asksBy, mapOf } from "./config-map.ts";
import { labels, type PolicyMinor, validatingObjects, warnings } from "./objects.ts";
import type { PolicySpec } from "./policies.ts";
import { isNotWindows, type PartyPolicy, type PodPolicy, tokenPolicies } from "./token-policy.ts";

/** Which policies of a relying party are wanted: as AWS's, but that no pod is refused. */
export type PartyPolicySpec = Omit<PolicySpec, "deny">;

/** How the API server gives pods a relying party's token: of one that ServiceAccounts ask for. */
export interface AccountPolicies {
  readonly askedBy: "ServiceAccount";
  /** The annotations by one of which it is asked for. */
  readonly asksBy: readonly string[];
  /** What has those annotations in the mode `configmap`. */
  readonly configMap: string;
  /**
   * The admission policies by which the API server gives pods the token, where their ServiceAccount asks, and says which
   * annotations it cannot use: what `injectParties` does. They read the ConfigMap of that relying party, so that nobody else's
   * pods cost more.
   */
  readonly policies: (spec: PartyPolicySpec) => readonly JsonRecord[];
}

/** The same of one that pods ask for themselves. */
export interface PodPolicies {
  readonly askedBy: "pod";
  /** An annotation by which it is asked for, with a value. */
  readonly asksBy: readonly [key: string, value: string];
  /** They read nothing beside the pod, and any other pod costs one comparison. */
  readonly policies: (kubernetes?: PolicyMinor) => readonly JsonRecord[];
}

/** How the API server gives pods a relying party's token. */
export type PartyPolicies = AccountPolicies | PodPolicies;

function ofAccounts({ asking, token }: PartyPolicy, spec: PartyPolicySpec): readonly JsonRecord[] {
  const { mode, namespaces = [], kubernetes = "1.36", warn = true } = spec;
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
  return [
    ...tokenPolicies(injecting, kubernetes),
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
  return {
    askedBy: "pod",
    asksBy: asking,
    policies: (kubernetes = "1.36") => tokenPolicies(token, kubernetes),
  };
}

/** One row for each relying party beside AWS, loaded by who asks for its policies: nobody who injects or looks does. */
const rows: Readonly<Record<FederatedParty, () => Promise<PartyPolicies>>> = {
  gcp: async () => accountPolicies((await import("./gcp.ts")).googlePolicy),
  azure: async () => accountPolicies((await import("./azure.ts")).azurePolicy),
  openbao: async () => podPolicies((await import("./openbao.ts")).openbaoPolicy),
};

/** How the API server gives pods the token of a relying party beside AWS. */
export function loadPartyPolicies(name: FederatedParty): Promise<PartyPolicies> {
  return rows[name]();
}
