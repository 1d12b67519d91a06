import type { CatalogueEntry } from "./entry.ts";

/** Errors about issuers, documents, keys and tokens. */
export const oidcErrors = {
  "issuer-invalid": {
    summary: "An issuer URL is one that AWS refuses, or whose tokens it could never match.",
    next: "Use https://, a domain name and at most a path; no port, query or fragment, 255 characters at most.",
  },
  "discovery-invalid": {
    summary: "A discovery document lacks what AWS needs of it, or cannot be read.",
    next: "Look at what the issuer serves at /.well-known/openid-configuration.",
  },
  "jwks-invalid": {
    summary:
      "A JWK Set cannot be published: it cannot be read, is ambiguous, holds a private key or nothing of use.",
    next: "Look at what the cluster serves at /openid/v1/jwks.",
  },
  "token-invalid": {
    summary: "What was given is not a signed JSON Web Token in its compact form.",
    next: "Give the token itself: three base64url parts joined by dots, at most 20,000 characters.",
  },
  "subject-invalid": {
    summary: "A Namespace or ServiceAccount has a name that Kubernetes does not allow.",
    next: "Give it as NAMESPACE/NAME, in lower case, as kubectl prints it.",
  },
} as const satisfies Record<string, CatalogueEntry>;
