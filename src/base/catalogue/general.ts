import type { CatalogueEntry } from "./entry.ts";

/** Errors about the command line and the machine. */
export const generalErrors = {
  usage: {
    summary: "The command was called in a way it does not understand.",
    next: "See `podtrust COMMAND --help`.",
  },
  internal: {
    summary: "podtrust met something it did not expect: a fault of ours.",
    next: "Report it with the output of the same command and -v.",
  },
  interrupted: {
    summary: "The work was ended by a signal before it was done.",
    next: "Run the same command again; it goes on from what stands.",
  },
  "deadline-exceeded": {
    summary: "Something that was waited for did not happen in time.",
    next: "Look at the reason given, mend it, and run the command again.",
  },
  "file-unreadable": {
    summary: "A file that was named could not be read.",
    next: "Check that the path is right and that this user may read it.",
  },
  "file-unwritable": {
    summary: "A file could not be written.",
    next: "Check free space, and that this user may write to the folder.",
  },
  "state-permissions": {
    summary:
      "A state folder, a file in it, or a folder above it belongs to another user or can be written by others.",
    next: "Name another state folder, or give this one to the user that podtrust runs as and take others' right to write.",
  },
} as const satisfies Record<string, CatalogueEntry>;
