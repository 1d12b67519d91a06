import type { PartyPolicies } from "../../../rules/injection/index.ts";
import type { RelyingPartyBounds } from "../../../rules/oidc/index.ts";
import type { PartyExchange, PartyParts } from "../party.ts";
import type { Explain } from "./explain/question.ts";

/** Loads something on demand: no other caller pays for it. */
type Load<Thing> = () => Promise<Thing>;

/**
 * podtrust's modules for a relying party beside AWS. Other code asks the row of `relyingParty`, and never compares
 * names; only the limits are known without loading anything.
 */
export interface RelyingParty {
  /** What it accepts of an issuer's documents and of tokens. */
  readonly limits: RelyingPartyBounds;
  /** Evaluates its rules for a token, one after another. */
  readonly rules: Load<Explain>;
  /** Creates what a config's section names. */
  readonly part: Load<PartyParts>;
  /** Makes the API server give pods its token. */
  readonly injection: Load<PartyPolicies>;
  /** Reads what exists there, and tries a token. */
  readonly exchange: Load<PartyExchange>;
}
