import { ok, type ReasonEntry } from "./entry.ts";

/** Reasons of links that hold. */
export const holdingReasons = {
  ClusterReachable: ok(["cluster"], "The API server answers and accepts the credentials."),
  ClusterIssuerMatches: ok(["cluster"], "The cluster's issuer is the one in the config."),
  ServersAsStarted: ok(
    ["cluster"],
    "Each API server that was looked at runs with what it will be started with.",
  ),
  DiscoveryServed: ok(
    ["discovery"],
    "The discovery document is served and names the issuer letter for letter.",
  ),
  JwksServed: ok(["jwks"], "The JWKS is served, with every key that the cluster is known to sign with."),
  NameResolves: ok(["dns"], "The issuer's name resolves, or --connect-to stands in for DNS."),
  CertificateValid: ok(["tls"], "The issuer's certificate is verified and not about to expire."),
  DocumentReachable: ok(["reachability"], "A document comes with status 200 within AWS's bounds."),
  ProviderFound: ok(["provider"], "The OIDC provider exists and accepts the audiences of the config."),
  TrustPolicyAllows: ok(["trust"], "The role's trust policy allows the ServiceAccounts of the config."),
  ServiceAccountFound: ok(["serviceaccount"], "The ServiceAccount exists."),
  PodsInjected: ok(["injection"], "The pods of the ServiceAccount have the token file and the variables."),
  TokenValid: ok(["token"], "A token is such that AWS takes it: issuer, clock and signature fit."),
  StsAccepted: ok(["sts"], "STS gives credentials for a token."),
  PermissionsMatch: ok(["permission"], "The role's policies are those of the config."),
} as const satisfies Record<string, ReasonEntry>;
