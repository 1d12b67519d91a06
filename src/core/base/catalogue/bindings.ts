import type { CatalogueEntry } from "./entry.ts";

/** Errors about bindings of ServiceAccounts to roles. */
export const bindingErrors = {
  "binding-invalid": {
    summary: "An AWSRoleBinding or AWSTrust has mistakes, or a file of them cannot be read.",
    next: "Correct each line that is named.",
  },
  "binding-refused": {
    summary: "No grant of the AWSTrust allows what a binding asks for.",
    next: "Ask for what a grant allows, or whoever keeps the AWSTrust for a grant.",
  },
} as const satisfies Record<string, CatalogueEntry>;
