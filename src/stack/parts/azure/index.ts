import type { PartyParts } from "../party.ts";
import { azureAnswers } from "./closing.ts";
import { leastAzureRole } from "./least-role.ts";
import { azureOpenTofu } from "./opentofu.ts";
import { azureParts } from "./part.ts";

/** Creates the resources of a config's azure section. */
export const azureParty: PartyParts = {
  parts: azureParts,
  openTofu: azureOpenTofu,
  theftAnswers: azureAnswers,
};

export { azureSights } from "./sight.ts";
export { leastAzureRole };
export type { AssertionExchange } from "../../../providers/azure/index.ts";
export { type AzureGroup, azureGroups, type AzureIdentityLook, type AzureLook } from "./look.ts";
