import type { JsonRecord } from "../../../core/base/index.ts";
import type { FederatedParty } from "../../oidc/index.ts";
import { askedParameters, askedValidations, askedVariables } from "./asked.ts";
import { azurePolicy } from "./azure.ts";
import { boundPolicies, serviceAccountQuota } from "./bound.ts";
import { type InjectionMap, mapOf } from "./config-map.ts";
import { googlePolicy } from "./gcp.ts";
import { labels, validatingObjects, warnings } from "./objects.ts";
import type { PolicySpec } from "./policies.ts";
import { isNotWindows, type PartyPolicy, tokenPolicies } from "./token-policy.ts";

/** The relying parties beside AWS that ServiceAccounts ask for: OpenBao is asked for by pods. */
export type AccountParty = Exclude<FederatedParty, "openbao">;

const policies: Readonly<Record<AccountParty, PartyPolicy>> = { gcp: googlePolicy, azure: azurePolicy };

/** What ServiceAccounts ask a relying party for, and the ConfigMap that has it. */
export function partyMap(party: AccountParty): InjectionMap {
  return mapOf(policies[party].asking);
}

/**
 * The admission policies by which the API server gives pods a relying party's token, where their ServiceAccount asks, and says
 * which annotations it cannot use: what `injectParties` does. They read the ConfigMap of that relying party, so that nobody
 * else's pods cost more.
 */
export function partyPolicies(party: AccountParty, spec: Omit<PolicySpec, "deny">): readonly JsonRecord[] {
  const { mode, namespaces = [], kubernetes = "1.36", warn = true } = spec;
  const { asking, token } = policies[party];
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
