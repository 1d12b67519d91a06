import type { TheftAnswerAt } from "./closing.ts";
import type { OpenTofuPart } from "./opentofu.ts";
import type { Part, PartContext } from "./part.ts";
import type { PartySight } from "./sight.ts";

/** Creates everything that one relying party's section of a config names. */
export interface PartyParts {
  parts(context: PartContext): readonly Part[];
  /** The same in OpenTofu. */
  readonly openTofu: OpenTofuPart;
  /** What is done at each of its places after a key was stolen. Opens no connection. */
  theftAnswers(context: PartContext): readonly TheftAnswerAt[];
}

/**
 * Readers of a config's sections at one relying party, which can also try a token as a workload does. Opens no
 * connection.
 */
export type PartyExchange = (context: PartContext) => readonly PartySight[];
