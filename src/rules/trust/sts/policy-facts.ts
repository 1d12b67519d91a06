import type { PolicyDocument } from "../language/document.ts";
import type { ProviderFacts, RoleFacts } from "./facts.ts";
import type { RoleArn } from "./rule.ts";

/** Role and providers where a trust policy is all that is known of them. */
export interface TrustPolicyFacts {
  readonly role: RoleFacts;
  readonly providers: readonly ProviderFacts[];
}

/** The longest MaxSessionDuration that IAM takes, in seconds. */
const maxSessionDuration = 43_200;
const marker = ":oidc-provider/";

/**
 * What a trust policy says of role and providers, for an explanation without IAM: the role exists with the longest
 * MaxSessionDuration, and each provider that the policy names is registered with these client IDs.
 */
export function factsOfTrustPolicy(
  trustPolicy: PolicyDocument,
  role: RoleArn,
  clientIds: readonly string[],
): TrustPolicyFacts {
  const arns = trustPolicy.statements
    .flatMap((statement) => statement.principals?.Federated ?? [])
    .filter((value) => value.includes(marker));
  const { arn, name, account } = role;
  return {
    role: { arn, name, id: "", trustPolicy, maxSessionDuration, account },
    providers: [...new Set(arns)].map((one) => ({
      arn: one,
      url: one.slice(one.indexOf(marker) + marker.length),
      clientIds,
    })),
  };
}
