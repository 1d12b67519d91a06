import type { VendorText } from "./vendor-text.ts";

const from = "OpenBao";

/** What OpenBao's JWT auth method says, as Vault's does; the narrowest first. */
export const openbaoTexts: readonly VendorText[] = [
  {
    from,
    words: ["error validating token", "invalid issuer (iss) claim"],
    open: ["provider", "token"],
    clears: ["jwks", "reachability"],
    means: "The mount's bound_issuer is not the token's iss, letter for letter.",
  },
  {
    from,
    words: ["error validating token", "invalid subject (sub) claim"],
    open: ["trust", "token"],
    clears: ["jwks", "reachability", "provider"],
    means: "The role is for another ServiceAccount.",
  },
  {
    from,
    words: ["error validating token", "invalid audience (aud) claim"],
    open: ["trust", "token"],
    clears: ["jwks", "reachability", "provider"],
    means: "The token is for none of the role's audiences.",
  },
  {
    from,
    words: ["error validating token", "invalid expiration time (exp) claim"],
    open: ["token"],
    clears: ["jwks", "reachability", "provider"],
    means: "The token is over: its program read it once, and not again.",
  },
  {
    from,
    words: ["error validating token", "error verifying token signature", "fetching keys"],
    open: ["dns", "tls", "reachability", "discovery", "jwks"],
    means: "OpenBao could not fetch the issuer's keys from where it runs.",
  },
  {
    from,
    words: ["error validating token", "error verifying token signature"],
    open: ["jwks", "token"],
    means: "No key that OpenBao knows has signed the token, or it is none.",
  },
  {
    from,
    words: ["error checking oidc discovery url"],
    open: ["dns", "tls", "reachability", "discovery"],
    means:
      "OpenBao could not read the issuer's discovery document from where it runs, as it does when a mount is written.",
  },
  {
    from,
    words: ["role", "could not be found", "auth/"],
    open: ["trust"],
    means: "The mount has no role of that name.",
  },
];
