import type { Link } from "../base/index.ts";

/**
 * How a link of the chain was found. `unseen`: it could not be looked at from here, for a reason that is reported;
 * nothing is known to be wrong with it.
 */
export type Outcome = "ok" | "warning" | "broken" | "unseen";

export interface ReasonEntry {
  readonly outcome: Outcome;
  /** Where it is found. */
  readonly links: readonly Link[];
  /** What it means, whatever the value was. */
  readonly summary: string;
  /** The step to take, unless the finding brings a better one. */
  readonly next?: string;
}

/** An entry whose outcome is known to the compiler. Named, as the package's types would spell it out at each reason. */
export interface ReasonOf<O extends Outcome> extends ReasonEntry {
  readonly outcome: O;
}

/** An entry that brings its step. */
export interface FoundReason<O extends Outcome> extends ReasonOf<O> {
  readonly next: string;
}

/** Something that is as it should be. */
export function ok(links: readonly Link[], summary: string): ReasonOf<"ok"> {
  return { outcome: "ok", links, summary };
}

/** Something to report, with what to do about it. */
export function found<O extends Exclude<Outcome, "ok">>(
  outcome: O,
  links: readonly Link[],
  summary: string,
  next: string,
): FoundReason<O> {
  return { outcome, links, summary, next };
}

/**
 * What makes a reason a cause that `podtrust doctor` names: its number, and how it is distinguished from every other.
 */
export interface CauseFacts {
  /** Stable, and never used again; written PT104. */
  readonly number: number;
  /** What has to be observed before this cause, and no other, is named. */
  readonly proof: string;
  /** A verdict of its own, where nothing is broken and nothing has to be changed. */
  readonly verdict?: "propagating" | "incident";
  /** Kept for readers of an old report; no longer reported. */
  readonly retired?: true;
}

/** A reason that is a cause. */
export function cause<E extends ReasonEntry>(entry: E, facts: CauseFacts): E & CauseFacts {
  return { ...entry, ...facts };
}
