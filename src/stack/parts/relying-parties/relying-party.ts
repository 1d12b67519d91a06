import type { PartyPolicies } from "../../../rules/injection/index.ts";
import type { RelyingPartyBounds } from "../../../rules/oidc/index.ts";
import type { PartyExchange, PartyParts } from "../party.ts";
import type { Explain } from "./explain/question.ts";

/** Has something loaded by whoever needs it: nobody else pays for it. */
type Load<Thing> = () => Promise<Thing>;

/**
 * What podtrust has for a relying party beside AWS. All else asks the row of `relyingParty`, and never for a name; only the
 * limits are known without loading anything.
 */
export interface RelyingParty {
  /** What it takes of an issuer's documents and of tokens. */
  readonly limits: RelyingPartyBounds;
  /** Asks its rules about a token, one after another. */
  readonly rules: Load<Explain>;
  /** Makes what a config's section names. */
  readonly part: Load<PartyParts>;
  /** Has the API server give pods its token. */
  readonly injection: Load<PartyPolicies>;
  /** Looks at what stands there, and comes to it with a token. */
  readonly exchange: Load<PartyExchange>;
}
