import type { OpenTofuPart } from "./opentofu.ts";
import type { Part, PartContext } from "./part.ts";
import type { PartySight } from "./sight.ts";

/** What makes all that one relying party's section of a config names. */
export interface PartyParts {
  parts(context: PartContext): readonly Part[];
  /** The same in OpenTofu. */
  readonly openTofu: OpenTofuPart;
}

/**
 * The sections of a config at one relying party, to be looked at, and to come to with a token as a workload does. Opens no
 * connection.
 */
export type PartyExchange = (context: PartContext) => readonly PartySight[];
