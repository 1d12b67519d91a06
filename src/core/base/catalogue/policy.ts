import type { CatalogueEntry } from "./entry.ts";

/** Errors about the documents of IAM policies, whichever kind. */
export const policyErrors = {
  "policy-malformed": {
    summary: "A policy document is one that IAM refuses.",
    next: "Correct the policy where the message says; IAM answers the same words.",
  },
} as const satisfies Record<string, CatalogueEntry>;
