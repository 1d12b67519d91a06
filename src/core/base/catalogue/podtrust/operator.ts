import type { CatalogueEntry } from "../entry.ts";

/** Errors about the operator, and bindings of ServiceAccounts. */
export const operatorErrors = {
  "operator-listen": {
    summary: "The operator could not listen on an address.",
    next: "Check that no other process uses it, or name another with --listen.",
  },
  "operator-config-map-full": {
    summary:
      "A namespace has more ServiceAccounts with annotations of injection than its ConfigMap has room for, or longer ones.",
    next: "Move some to another namespace, or take out the annotations that are longest: pods of those that are named get no token.",
  },
  "operator-foreign-config-map": {
    summary:
      "A namespace has a ConfigMap of injection, such as podtrust-injection, that is not the operator's.",
    next: "Delete it, so that the operator makes its own; nothing else reads it.",
  },
  "operator-not-running": {
    summary: "No operator answers at the address.",
    next: "Ask where one runs: kubectl -n podtrust exec deploy/podtrust-operator -- podtrust operator status",
  },
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
