import type { OpenTofuPart } from "./opentofu.ts";
import type { Part, PartContext } from "./part.ts";
import type { PartySight } from "./sight.ts";

/** What makes all that one relying party's section of a config names. */
export interface PartyParts {
  parts(context: PartContext): readonly Part[];
  /** The same in OpenTofu. */
  readonly openTofu: OpenTofuPart;
  /** The same as the map has it. */
  readonly sights: (context: PartContext) => readonly PartySight[];
}
