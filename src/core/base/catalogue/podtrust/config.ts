import type { CatalogueEntry } from "../entry.ts";

/** Errors about the config file. */
export const configErrors = {
  "config-unreadable": {
    summary: "The config file could not be read.",
    next: "Check that it is the config file, and that this user may read it.",
  },
  "config-invalid": {
    summary: "The config file has mistakes; all of them are listed.",
    next: "Correct each of them; docs/reference/config.md says what every key takes.",
  },
  "config-without-publisher": {
    summary: "The config has no publisher section: the issuer is served by something else.",
    next: "Add a publisher section to serve the issuer with podtrust; without one, nothing has to be served here.",
  },
  "issuer-unnamed": {
    summary: "The config leaves the issuer's name open below a zone, and no name was chosen yet.",
    next: "Run podtrust up: it chooses a name, and the stack's marks remember it.",
  },
  "issuer-names-differ": {
    summary: "The stack's marks remember more than one name for the issuer.",
    next: "Set issuer to the URL that is to stay and run podtrust up --allow-replace: it removes the records of the others; then leave the name open again if you like.",
  },
  "config-without-aws": {
    summary: "The config names no AWS account.",
    next: "Add an aws section with the account, its region and its roles.",
  },
  "config-without-s3": {
    summary: "The config does not publish to S3.",
    next: "Give the publisher section s3: {bucket, region} in place of https.",
  },
} as const satisfies Record<string, CatalogueEntry>;
