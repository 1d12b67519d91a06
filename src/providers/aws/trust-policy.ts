import { iamProviderKey, subjectOfAccount } from "../../rules/oidc/index.ts";
import {
  PolicyError,
  policyText,
  readPolicy,
  webIdentityTrustPolicy as trustDocument,
} from "../../rules/trust/index.ts";
import { oidcProviderArn } from "./oidc-provider.ts";

/** Who may assume a role. */
export interface WebIdentityTrust {
  readonly partition: string;
  readonly account: string;
  readonly issuer: string;
  /** Trusted as well, each by a statement of its own: their tokens are in use while a cluster's issuer is changed. */
  readonly formerIssuers?: readonly string[];
  readonly audiences: readonly string[];
  /** NAMESPACE/NAME, each spelled out. */
  readonly serviceAccounts: readonly string[];
  /** NAMESPACE/NAME with `*` and `?`: only what the config names as patterns. */
  readonly subjectPatterns?: readonly string[];
}

// For a trust policy that cannot be read.
const providerArns = /arn:aws[a-z-]{0,16}:iam::\d{12}:oidc-provider\/[^"\s]{1,255}/gu;

/** The OIDC providers that a trust policy names, as IAM names them, whatever it asks of their tokens. */
export function trustedProviders(trustPolicy: string): readonly string[] {
  const read = readPolicy(trustPolicy, "trust");
  if (read instanceof PolicyError) return [...new Set(trustPolicy.match(providerArns))];
  const federated = read.statements.flatMap(({ principals }) => principals?.Federated ?? []);
  return [...new Set(federated.filter((one) => !one.includes(":saml-provider/")))];
}

/**
 * The principals of a trust policy as it names them: accounts, roles, services, providers; `*` is anyone. Undefined
 * where it cannot be read.
 */
export function trustedPrincipals(trustPolicy: string): readonly string[] | undefined {
  const read = readPolicy(trustPolicy, "trust");
  if (read instanceof PolicyError) return undefined;
  const allowing = read.statements.filter(({ effect }) => effect === "Allow");
  const named = allowing.flatMap(({ principals }) => Object.values(principals ?? { AWS: ["*"] }).flat());
  return [...new Set(named)];
}

/** Whether a trust policy names an OIDC provider, whatever it asks of its tokens. */
export function trustsProvider(trustPolicy: string, providerArn: string): boolean {
  return trustedProviders(trustPolicy).includes(providerArn);
}

/**
 * A trust policy that lets no one in, as JSON text. It names the provider, so that the role is found by it as before
 * (`trustsProvider`).
 */
export function closedTrustPolicy(providerArn: string): string {
  const Principal = { Federated: providerArn };
  const Statement = { Effect: "Deny", Principal, Action: "sts:AssumeRoleWithWebIdentity" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [Statement] });
}

/** The trust policy of a role that ServiceAccounts of an issuer assume, as JSON text. */
export function webIdentityTrustPolicy(trust: WebIdentityTrust): string {
  // A pattern holds no ServiceAccount name, so it is put together by hand.
  const patterns = (trust.subjectPatterns ?? []).map(
    (one) => `system:serviceaccount:${one.replace("/", ":")}`,
  );
  const documents = [trust.issuer, ...(trust.formerIssuers ?? [])].map((issuer) =>
    trustDocument({
      providerArn: oidcProviderArn(trust.partition, trust.account, issuer),
      providerUrl: iamProviderKey(issuer),
      audiences: trust.audiences,
      subjects: trust.serviceAccounts.map(subjectOfAccount),
      subjectPatterns: patterns,
    }),
  );
  const statements = documents.flatMap((document) => document.statements);
  return policyText({ version: "2012-10-17", statements });
}
