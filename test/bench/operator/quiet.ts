import { setTimeout as sleep } from "node:timers/promises";
import { countsOf } from "./bindings.ts";
import type { BenchWorld } from "./world.ts";

/** Calls of AWS while nothing happens, as they are in an hour. */
export interface QuietHour {
  /** For how long it was looked on, in minutes. */
  readonly minutes: number;
  /** Of IAM, for each binding. */
  readonly iamCalls: number;
  /** By action, for all bindings. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Counts for some minutes, and says what an hour of them is. Proofs, one an hour of each binding, are STS's. */
export async function quietHour(world: BenchWorld, minutes: number, bindings: number): Promise<QuietHour> {
  world.aws.calls.length = 0;
  await sleep(minutes * 60_000);
  const calls = Object.fromEntries(
    Object.entries(countsOf(world.aws.calls)).map(([action, count]) => [action, (count * 60) / minutes]),
  );
  const ofSts = new Set(["AssumeRoleWithWebIdentity", "GetCallerIdentity"]);
  const iam = Object.entries(calls).reduce(
    (sum, [action, count]) => sum + (ofSts.has(action) ? 0 : count),
    0,
  );
  return { minutes, iamCalls: iam / bindings, calls };
}
