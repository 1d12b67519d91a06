/**
 * The links of the chain from a cluster's signature to a permission, in the order in which a token meets
 * them. Everything that reports on the chain reports in this order, under these names.
 */
export const links = [
  "cluster",
  "discovery",
  "jwks",
  "dns",
  "tls",
  "reachability",
  "provider",
  "trust",
  "serviceaccount",
  "injection",
  "token",
  "sts",
  "permission",
] as const;

export type Link = (typeof links)[number];
