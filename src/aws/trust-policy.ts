import { iamProviderKey, serviceAccountSubject } from "../oidc/index.ts";
import { oidcProviderArn } from "./oidc-provider.ts";

/** Who may assume a role. */
export interface WebIdentityTrust {
  readonly partition: string;
  readonly account: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** NAMESPACE/NAME, each spelled out. */
  readonly serviceAccounts: readonly string[];
  /** NAMESPACE/NAME with `*` and `?`: only what the config names as patterns. */
  readonly subjectPatterns?: readonly string[];
}

const oneOrMany = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? "") : values;

function subjectOf(serviceAccount: string): string {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  return serviceAccountSubject(namespace, name);
}

/**
 * The trust policy that lets exactly these subjects in, as JSON text. Spelled-out names are compared by
 * StringEquals; patterns stand in a statement of their own with StringLike.
 */
export function webIdentityTrustPolicy(trust: WebIdentityTrust): string {
  const key = iamProviderKey(trust.issuer);
  const statement = (subject: object): object => ({
    Effect: "Allow",
    Principal: { Federated: oidcProviderArn(trust.partition, trust.account, trust.issuer) },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: subject,
  });
  const audience = { [`${key}:aud`]: oneOrMany(trust.audiences) };
  const exact = trust.serviceAccounts.map(subjectOf);
  // A pattern holds no ServiceAccount name, so it is put together by hand.
  const patterns = (trust.subjectPatterns ?? []).map(
    (one) => `system:serviceaccount:${one.replace("/", ":")}`,
  );
  const statements = [
    ...(exact.length === 0
      ? []
      : [statement({ StringEquals: { ...audience, [`${key}:sub`]: oneOrMany(exact) } })]),
    ...(patterns.length === 0
      ? []
      : [statement({ StringEquals: audience, StringLike: { [`${key}:sub`]: oneOrMany(patterns) } })]),
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
