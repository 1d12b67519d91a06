import { isoTime, PodtrustError } from "../../core/base/index.ts";
import { keysAcross, type MoveVerdict, type RotationFacts } from "../../rules/rotation/index.ts";

/** The error of a move that is refused; `detail.from` says from when it will be allowed, if that is known. */
export function refusalOf(verdict: Extract<MoveVerdict, { is: "refused" }>): PodtrustError {
  const { reason, message, next, from } = verdict;
  const when = from === undefined ? "" : `; allowed from ${isoTime(from)}`;
  return new PodtrustError("rotation-refused", `${message}${when}`, { next, detail: { reason, from } });
}

/** A previous key that is verified and no longer published. */
export function verifiedOnly(facts: RotationFacts): string | undefined {
  return keysAcross(facts).find(({ state, published }) => state === "previous" && !published)?.kid;
}
