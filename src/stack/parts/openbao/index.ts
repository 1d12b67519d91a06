import type { PartyParts } from "../party.ts";
import { leastOpenBaoPolicy } from "./least-policy.ts";
import { openbaoOpenTofu } from "./opentofu.ts";
import { openbaoParts } from "./part.ts";
import { openbaoAnswers } from "./theft.ts";

/** Creates the resources of a config's openbao section. */
export const openbaoParty: PartyParts = {
  parts: openbaoParts,
  openTofu: openbaoOpenTofu,
  theftAnswers: openbaoAnswers,
};

export { openbaoSights } from "./sight.ts";
export { leastOpenBaoPolicy };
export type { Login } from "../../../providers/openbao/index.ts";
export { type OpenBaoLook, type OpenBaoMount, openbaoMounts } from "./look.ts";
export type { OpenBaoSection } from "./resources.ts";
