import type { CatalogueEntry } from "./entry.ts";

/** Errors about bindings of ServiceAccounts. */
export const bindingErrors = {
  "binding-invalid": {
    summary: "A binding or a trust has mistakes, or a file of them cannot be read.",
    next: "Correct each line that is named.",
  },
  "binding-refused": {
    summary:
      "What a binding asks for is allowed by no grant of its trust, or cannot be done at the relying party.",
    next: "Ask for what a grant allows, or ask the owner of the trust for a grant.",
  },
} as const satisfies Record<string, CatalogueEntry>;
