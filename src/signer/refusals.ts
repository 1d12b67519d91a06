import { defined } from "../core/base/index.ts";
import { type ClaimsRefusal, type ClaimsRefusalReason, claimsRefusalReasons } from "../rules/signer/index.ts";

/** Names that are remembered: a caller may send any number. */
const maxNames = 16;

/** What a signer refused to sign since it was started. */
export interface RefusedClaims {
  /** How often, for each reason. */
  readonly counts: Readonly<Record<ClaimsRefusalReason, number>>;
  /** Unknown members: the first sixteen, each as it is shown, with how often. */
  readonly members: Readonly<Record<string, number>>;
  readonly last?: {
    /** Milliseconds since the epoch. */
    readonly at: number;
    readonly why: string;
  };
}

/** Counts refusals. Nothing that a caller sends makes it grow without end. */
export class Refusals {
  readonly #counts = new Map<ClaimsRefusalReason, number>();
  readonly #members = new Map<string, number>();
  #last: RefusedClaims["last"];

  /** `now` in milliseconds since the epoch. */
  add({ reason, sentence, member }: ClaimsRefusal, now: number): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#last = { at: now, why: sentence };
    if (member === undefined) return;
    const before = this.#members.get(member);
    if (before !== undefined || this.#members.size < maxNames) this.#members.set(member, (before ?? 0) + 1);
  }

  get seen(): RefusedClaims {
    const counts = claimsRefusalReasons.map((reason) => [reason, this.#counts.get(reason) ?? 0]);
    return {
      counts: Object.fromEntries(counts) as RefusedClaims["counts"],
      members: Object.fromEntries(this.#members),
      ...defined({ last: this.#last }),
    };
  }
}
