import { awsSkewSeconds } from "./rotation.ts";

/** The tokens that relying parties refuse once a key is distrusted. Times are milliseconds since the epoch. */
export interface RefusedTokens {
  /** Whether the cluster signs with the key, as far as that is known. */
  readonly signs: "yes" | "perhaps" | "no";
  /** When its newest token was signed, at the latest; absent for a key that has signed none. */
  readonly last?: number;
  /** When the last of them would have been refused anyway, as expired. */
  readonly until?: number;
}

/** The refused tokens, from when a key last signed and the longest token's life in milliseconds. */
export function refusedTokens(signs: RefusedTokens["signs"], last: number, maxToken: number): RefusedTokens {
  return { signs, last, until: last + maxToken + awsSkewSeconds * 1000 };
}

/** The same in a sentence. `time`: how a moment is written. */
export function refusedText(
  { signs, last, until }: RefusedTokens,
  { now, time }: { readonly now: number; readonly time: (ms: number) => string },
): string {
  if (last === undefined || until === undefined) return "It has signed no token, so none is refused.";
  if (signs === "no") {
    return until <= now
      ? `Its last token expired by ${time(until)}, so none is refused that was good.`
      : `Relying parties refuse every token that it signed, up to ${time(last)}; the last of them would have expired by ${time(until)}.`;
  }
  const condition = signs === "yes" ? "" : "If the cluster signs with it, ";
  const who = signs === "yes" ? "Relying parties" : "relying parties";
  return `${condition}${who} refuse every token that the cluster gives out, until another key signs; one of now would have expired by ${time(until)}.`;
}
