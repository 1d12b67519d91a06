import type { CatalogueEntry } from "./entry.ts";

/** Errors about the command line, the machine, and files that a command reads. */
export const generalErrors = {
  usage: {
    summary: "The command line is wrong.",
    next: "See `podtrust COMMAND --help`.",
  },
  internal: {
    summary: "An unexpected error: a bug in podtrust.",
    next: "Report it with the output of the same command and -v.",
  },
  interrupted: {
    summary: "A signal ended the command before it was done.",
    next: "Run the same command again; it continues with what is missing.",
  },
  "deadline-exceeded": {
    summary: "Something did not happen in time.",
    next: "Look at the reason given, fix it, and run the command again.",
  },
  "file-unreadable": {
    summary: "A file that was named could not be read.",
    next: "Check that the path is right and that this user may read it.",
  },
  "file-unwritable": {
    summary: "A file could not be written.",
    next: "Check free space, and that this user may write to the folder.",
  },
  "home-unknown": {
    summary: "A path in the home directory is needed, and there is no home directory.",
    next: "Set HOME; for the publisher's state set publisher.stateDir in the config, STATE_DIRECTORY or XDG_STATE_HOME.",
  },
  "state-permissions": {
    summary:
      "The state folder, a file in it, or a folder above it belongs to another user or is writable by others.",
    next: "Use another state folder, or make the user that podtrust runs as its owner (chown) and the only one who may write (chmod go-w).",
  },
  "program-missing": {
    summary: "A program that the command runs for you is not on this machine.",
    next: "Install it, or put it on the PATH.",
  },
  "bundle-invalid": {
    summary: "A file is no bundle of podtrust doctor, or one that this version cannot read.",
    next: "Have it written anew: podtrust doctor https://ISSUER --bundle FILE.",
  },
  "credential-elsewhere": {
    summary:
      "A credential would go to a place that was not named beside it by who gave it: a config names the place, or a file that did not come with it.",
    next: "Look at the place; then name it beside the credential, or run the command on a terminal and answer the question.",
  },
} as const satisfies Record<string, CatalogueEntry>;
