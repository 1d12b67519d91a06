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
  "sandbox-seed": {
    summary:
      "What a sandbox was to be seeded with is not what it should be, or AWS or Google would refuse it.",
    next: "Correct the piece that is named; the cloud's own sentence follows it.",
  },
  "sandbox-control-denied": {
    summary: "A request to the control API of a sandbox is not allowed.",
    next: "Send the token that the sandbox wrote into its control token file, as Authorization: Bearer TOKEN.",
  },
  "sandbox-control-request": {
    summary: "A request of the control API of a sandbox is not as it should be.",
    next: "Compare it with the page of the control API, docs/reference/sandbox-control.md.",
  },
  "sandbox-listen": {
    summary: "The sandbox could not listen on its address.",
    next: "Choose another --port, or stop the process that uses this one.",
  },
  "sandbox-process-ended": {
    summary:
      "The process of a sandbox, a stand-in cluster or a stand-in CA of its own ended, or was not ready in time.",
    next: "Look at what it wrote to the standard error of the program that started it.",
  },
} as const satisfies Record<string, CatalogueEntry>;
