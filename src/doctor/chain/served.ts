import { awsBounds, type IssuerReading } from "../../issuer/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { reportOf } from "../index.ts";
import type { StatusFinding } from "../judge/index.ts";

/** What only times say has been measured by `status`. */
const ofTimes: ReadonlySet<Reason> = new Set(["ResponseTimeout", "ResponseSlow"]);

/**
 * What `podtrust doctor URL` would call broken in the readings of a stack's issuer: each cause by its marks, and what differs
 * from one reading to the next. Names, addresses and what stands beside the documents take requests of their own, and are not
 * looked at.
 */
export function servedFindings(
  issuer: string,
  now: number,
  [reading, ...samples]: readonly IssuerReading[],
): readonly StatusFinding[] {
  if (reading === undefined) return [];
  const { timeoutMs } = awsBounds;
  const unseen = { names: [], addresses: [], inside: [], fromZone: [], nearby: [], caa: [] };
  const { findings } = reportOf({ issuer, now, reading, samples, timeoutMs, ...unseen });
  return findings
    .filter(({ verdict, reason }) => (verdict === "broken" || verdict === "incident") && !ofTimes.has(reason))
    .map(({ link, reason, seen, next }) => ({ link, reason, outcome: "broken", seen, next }));
}
