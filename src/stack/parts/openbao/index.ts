import type { PartyParts } from "../part.ts";
import { leastOpenBaoPolicy } from "./least-policy.ts";
import { openbaoParts } from "./part.ts";

/** What makes the things of a config's section openbao. */
export const openbaoParty: PartyParts = { parts: openbaoParts };

export { leastOpenBaoPolicy };
export type { OpenBaoSection } from "./resources.ts";
