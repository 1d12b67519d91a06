import type { CatalogueEntry } from "./entry.ts";

/** Errors about certificates. */
export const tlsErrors = {
  "certificate-invalid": {
    summary: "A certificate and key cannot be served together.",
    next: "Give a PEM chain, leaf first, and the private key that belongs to its leaf.",
  },
  "certificate-store-invalid": {
    summary: "A file of the certificate store is not what podtrust wrote.",
    next: "Move the file that is named away; a new account or certificate is then made.",
  },
} as const satisfies Record<string, CatalogueEntry>;
