import type { AccessEnding } from "./access-ending.ts";

/** What became of something that was tried at a place. */
export type AnswerOutcome = Pick<AccessEnding, "outcome" | "text">;

/** A place of a relying party at which a key is ended: an account, a project, an auth method. */
export interface TheftAnswerAt {
  /** As a sentence names it: `auth/podtrust of OpenBao at https://bao.example.com:8200`. */
  readonly place: string;
  /**
   * Makes it verify by what is published now, without a key that was withdrawn. Absent: it fetches again by itself, or is given
   * its keys. Throws what its API throws.
   */
  readonly forget?: (kid: string, signal: AbortSignal) => Promise<AnswerOutcome>;
}
