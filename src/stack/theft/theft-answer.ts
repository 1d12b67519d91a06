import type { ClosingOutcome, PartyClosing } from "../parts/index.ts";

/** A place of a relying party at which a key is ended: an account, a project, an auth method. */
export interface TheftAnswerAt {
  /** As a sentence names it: `auth/podtrust of OpenBao at https://bao.example.com:8200`. */
  readonly place: string;
  /**
   * Makes it verify by what is published now, without a key that was withdrawn. Absent: it fetches again by itself, or is given
   * its keys. Throws what its API throws.
   */
  readonly forget?: (kid: string, signal: AbortSignal) => Promise<ClosingOutcome>;
  /** How a person closes it to every token, and opens it; absent: nothing closes it, or `AwsPart.lockRoles` does. */
  readonly closing?: PartyClosing;
  /** Notes at what is closed when the stolen key was withdrawn, where that decides when it may be opened. */
  readonly noteKeyGone?: (signal: AbortSignal) => Promise<readonly ClosingOutcome[]>;
}
