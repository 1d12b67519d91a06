import type { CatalogueEntry } from "./entry.ts";

/** Errors about the sandbox. */
export const sandboxErrors = {
  "sandbox-state-invalid": {
    summary: "A file of the sandbox's state folder cannot be used.",
    next: "Name another folder with --state, or move the file away to start empty.",
  },
  "sandbox-state-locked": {
    summary: "The sandbox's state folder is in use by another process.",
    next: "Stop that process, or name another folder with --state.",
  },
  "sandbox-listen": {
    summary: "The sandbox could not listen on its address.",
    next: "Choose another --port, or stop the process that uses this one.",
  },
} as const satisfies Record<string, CatalogueEntry>;
