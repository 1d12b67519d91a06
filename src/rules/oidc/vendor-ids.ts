/**
 * Ids of vendors, each as the text of a regular expression, without its ends: what config, annotations, definitions of the
 * cluster and clients check is one form. Definitions keep the text that they were installed with, and so their groups.
 */

const guidOf = (digit: string, middle: string): string => `${digit}{8}${middle}-${digit}{12}`;

/** Ids of Azure. It takes a GUID in either case and gives it in lower case, in which podtrust keeps it. */
export const azureForms = {
  guid: guidOf("[0-9A-Fa-f]", "(?:-[0-9A-Fa-f]{4}){3}"),
  /** Where no code can change the case: a definition's. */
  lowerGuid: guidOf("[0-9a-f]", "-[0-9a-f]{4}".repeat(3)),
} as const;

/** A GUID, whole, in either case. */
export const azureGuid: RegExp = new RegExp(`^${azureForms.guid}$`, "u");

const account = "[a-z0-9][a-z0-9-]{0,62}";
const project = "[a-z][a-z0-9-]{4,28}[a-z0-9]";
const federationId = "[a-z0-9-]{4,32}";

const emailOf = (group: string): string => `${account}@${group}[a-z0-9.-]{1,100}\\.)?gserviceaccount\\.com`;

/** Ids of Google, all of them in lower case. */
export const googleForms = {
  /** What stands before the @ of a service account's address. */
  account,
  project,
  /** The address of a service account that a person may name. */
  email: emailOf("(?:"),
  /** The same in a definition. */
  definedEmail: emailOf("("),
  /** The addresses that contain their project's id. */
  projectEmail: `[a-z0-9-]+@${project}\\.iam\\.gserviceaccount\\.com`,
  /** A pool or a provider (IAM API, `workloadIdentityPools.create`). Google refuses new ones that begin with `gcp-`. */
  federationId,
  /** A provider, by the project's number. */
  provider: `projects/[0-9]{1,20}/locations/global/workloadIdentityPools/${federationId}/providers/${federationId}`,
} as const;

/** An address in Google's own files and answers, whole: those of old projects have dots before the @. */
export const answeredGoogleEmail: RegExp = /^[a-z0-9.-]{1,70}@[a-z0-9.-]{1,120}$/u;
