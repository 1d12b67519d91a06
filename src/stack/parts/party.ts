import type { OpenTofuPart } from "./opentofu.ts";
import type { Part, PartContext } from "./part.ts";

/** What makes all that one relying party's section of a config names. */
export interface PartyParts {
  parts(context: PartContext): readonly Part[];
  /** The same in OpenTofu; absent where no export is made of it yet. */
  readonly openTofu?: OpenTofuPart;
}
