/**
 * Every error a person can meet, by its stable code.
 *
 * `summary` says what the code means whatever the value was; `next` is the step to take when the place that
 * throws has no better one. docs/reference/errors.md is generated from here, and a test keeps both the same.
 * A code, once released, is never given another meaning.
 */
export interface CatalogueEntry {
  readonly summary: string;
  readonly next: string;
}

export const catalogue = {
  // base and command line
  usage: {
    summary: "The command was called in a way it does not understand.",
    next: "Run the command with --help to see what it takes.",
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
  // outgoing HTTP
  "http-url-invalid": {
    summary: "An address to fetch is not a legal http or https URL.",
    next: "Correct the address.",
  },
  "http-unreachable": {
    summary: "A server could not be reached: its name did not resolve or no connection came about.",
    next: "Check the name, the network path and that the server is running.",
  },
  "http-tls": {
    summary: "A server's certificate could not be verified, or the TLS handshake failed.",
    next: "Check the served chain and name; for a private CA give --ca FILE.",
  },
  "http-timeout": {
    summary: "A server did not answer in time.",
    next: "Check the server's load and the network path, then try again.",
  },
  "http-too-large": {
    summary: "A server's answer was larger than is accepted.",
    next: "Check that the address names the right document.",
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The closed set of error codes. */
export type ErrorCode = keyof typeof catalogue;
