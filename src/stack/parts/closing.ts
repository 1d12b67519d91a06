import { operatorAccount } from "../../rules/bindings/index.ts";

/** What became of one place of a relying party that was to be closed, or opened. */
export interface ClosingOutcome {
  /** `done` only where the place itself said so. */
  readonly outcome: "done" | "open";
  /** A sentence without its full stop, about the place. */
  readonly text: string;
}

/** Of a place that is as it should be, by its own word. */
export const done = (text: string): ClosingOutcome => ({ outcome: "done", text });
/** Of a place that is not, or of which nobody can say it. */
export const open = (text: string): ClosingOutcome => ({ outcome: "open", text });

/** Whether podtrust's own ServiceAccounts are among these, by which whoever signs for the issuer could take a closing back: it is closed first. */
export function isOwnAccess({ serviceAccounts }: { readonly serviceAccounts: readonly string[] }): boolean {
  return serviceAccounts.some((one) => one.startsWith(`${operatorAccount.namespace}/`));
}

/** What is to be opened again after a theft. */
export interface Reopening {
  /** Keys that are published no more, as was just seen from outside. */
  readonly withdrawn: readonly string[];
  /** Names of roles, pools and identities; absent: all. */
  readonly only?: readonly string[];
}

/** A part of a relying party that a person closes and opens by the rights of the relying party's own, and no cluster's. */
export interface PartyClosing {
  /** As a sentence names it: `Google project shop (123456789012)`. */
  readonly place: string;
  /** It may hold what podtrust's own parts use there, by which a thief could take a closing back: it is closed first. */
  readonly isOwnAccess: boolean;
  /** Keeps every token of the issuer out. Throws only the signal's reason. */
  close(signal: AbortSignal): Promise<readonly ClosingOutcome[]>;
  /** Opens what `close` has closed, and nothing else. `open` then says why something stays closed. Throws only the signal's reason. */
  reopen(reopening: Reopening, signal: AbortSignal): Promise<readonly ClosingOutcome[]>;
}

/** A place of a relying party at which a key is ended: a project, a resource group, an auth method. */
export interface TheftAnswerAt {
  /** As a sentence names it: `auth/podtrust of OpenBao at https://bao.example.com:8200`. */
  readonly place: string;
  /**
   * Makes it verify by what is published now, without a key that was withdrawn. Absent: it fetches again by itself, or is given
   * its keys. Throws what its API throws.
   */
  readonly forget?: (kid: string, signal: AbortSignal) => Promise<ClosingOutcome>;
  /** How a person closes it to every token, and opens it; absent: nothing closes it. */
  readonly closing?: PartyClosing;
  /** Notes at what is closed when the stolen key was withdrawn, where that decides when it may be opened. */
  readonly noteKeyGone?: (signal: AbortSignal) => Promise<readonly ClosingOutcome[]>;
}
