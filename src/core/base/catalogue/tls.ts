import type { CatalogueEntry } from "./entry.ts";

/** Errors about certificates. */
export const tlsErrors = {
  "certificate-invalid": {
    summary: "A certificate and key cannot be served together.",
    next: "Give a PEM chain, leaf first, and the private key that belongs to its leaf.",
  },
  "certificate-store-invalid": {
    summary: "A file of the certificate store is damaged.",
    next: "Move the named file away; a new account or certificate is then created.",
  },
  "certificate-lock-lost": {
    summary:
      "Another process took over the lock on certificates while this one stood still: nothing was written.",
    next: "The other one continues. Find out why this one stood still: a CPU limit, a suspended machine.",
  },
} as const satisfies Record<string, CatalogueEntry>;
