import type { CatalogueEntry } from "./entry.ts";

/** Errors about issuers, documents, keys and tokens. */
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
} as const satisfies Record<string, CatalogueEntry>;
