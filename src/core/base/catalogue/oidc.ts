import type { CatalogueEntry } from "./entry.ts";

/** Errors about issuers and their tokens, and about what relying parties are given: policies and keys. */
export const oidcErrors = {
  "issuer-invalid": {
    summary: "AWS would refuse the issuer URL, or never match its tokens.",
    next: "Use https://, a domain name and at most a path; no port, query or fragment, 255 characters at most.",
  },
  "discovery-invalid": {
    summary: "A discovery document lacks what AWS needs of it, or cannot be read.",
    next: "Look at what the issuer serves at /.well-known/openid-configuration.",
  },
  "jwks-invalid": {
    summary:
      "A JWK Set (JWKS) cannot be published: it is unreadable or ambiguous, holds a private key, or no usable key.",
    next: "Look at what the cluster serves at /openid/v1/jwks.",
  },
  "token-invalid": {
    summary: "The input is not a signed JSON Web Token (JWT) in compact form.",
    next: "Give the token itself: three base64url parts joined by dots, at most 20,000 characters.",
  },
  "subject-invalid": {
    summary: "A Namespace or ServiceAccount has a name that Kubernetes does not allow.",
    next: "Give it as NAMESPACE/NAME, in lower case, as kubectl prints it.",
  },
  "description-invalid": {
    summary: "A file is not what gcloud, az or bao prints of a relying party's resource.",
    next: "Write it by the command that podtrust explain --help names, as JSON.",
  },
  "issuer-unreached": {
    summary:
      "The issuer could not be read from outside, as AWS will read it, so nothing was created that trusts it.",
    next: "Publish it first (podtrust serve), and look at the two documents at its public name.",
  },
  "policy-malformed": {
    summary: "A policy document is one that IAM refuses.",
    next: "Correct the policy where the message says; IAM answers the same words.",
  },
  "gcp-keys-unread": {
    summary: "The issuer's keys, which Google is to be given, cannot be read.",
    next: "Name the cluster in the config, or make the issuer readable from here. Where it is public, keys: fetch has Google read it.",
  },
  "gcp-keys-refused": {
    summary: "Google would not take the issuer's keys as an upload.",
    next: "Let the cluster sign with an RSA key, or an EC key of P-256.",
  },
} as const satisfies Record<string, CatalogueEntry>;
