import type { CatalogueEntry } from "../entry.ts";

/** Errors about giving a running cluster another issuer. */
export const adoptionErrors = {
  "adoption-refused": {
    summary:
      "The cluster cannot be given the issuer as it stands: tokens would be refused, or an API server would not start.",
    next: "Do what the message names, then run podtrust adopt plan again.",
  },
  "adoption-waits": {
    summary: "Something has to be true before the next API server is changed, and is not yet.",
    next: "Do or wait for what the message names, then run the same command again: it continues from there.",
  },
  "adoption-token-refused": {
    summary:
      "Another API server refused the first token of a server that was changed, so that server was put back.",
    next: "Run podtrust adopt plan: it compares the issuers, audiences and keys of all servers.",
  },
  "adoption-by-hand": {
    summary: "The next step is one that podtrust does not do by itself on this server.",
    next: "Write the lines that podtrust adopt plan prints, restart that API server, then run the same command again.",
  },
} as const satisfies Record<string, CatalogueEntry>;
