import type { PartyParts } from "../party.ts";
import { googleAnswers } from "./closing.ts";
import { leastGoogleRoles } from "./least-roles.ts";
import { googleOpenTofu } from "./opentofu.ts";
import { googleParts } from "./part.ts";

/** Creates the resources of a config's gcp section. */
export const googleParty: PartyParts = {
  parts: googleParts,
  openTofu: googleOpenTofu,
  theftAnswers: googleAnswers,
};

export { googleSights } from "./sight.ts";
export { leastGoogleRoles };
export type { LeastGoogleRoles } from "./least-roles.ts";
export type { Exchanged } from "../../../providers/gcp/index.ts";
export { type GoogleDrift, type GoogleLook, type GoogleProject, googleProjects } from "./look.ts";
