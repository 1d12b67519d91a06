import assert from "node:assert/strict";
import process from "node:process";
import type { TestContext } from "node:test";
import * as fc from "fast-check";
import { isAtLength } from "../runs.ts";
import { type HistoryEvent, historiesOf } from "./events.ts";
import { History } from "./history.ts";
import type { HistoryParty, LoadCode, PartySpecs, Vendor } from "./vendor.ts";

/** So many minutes they may take on a machine that has much else to do. */
const minutes = isAtLength ? 50 : 8;

/** What a party lives. */
interface LivedHistories {
  /** Random ones: so many at the most, and one at the least, by what the machine does in the time. */
  readonly count: number;
  /** Those that are lived first. */
  readonly examples: readonly (readonly HistoryEvent[])[];
}

/** The operator's modules as they stand. */
export const asItStands: LoadCode = (path) => import(`../../../src/operator/bindings/${path}`);

/** Lives one history, and rests. Throws an AssertionError that says by which call what was broken. */
export async function lived(
  party: HistoryParty,
  vendor: Vendor & PartySpecs,
  events: readonly HistoryEvent[],
  load: LoadCode = asItStands,
): Promise<void> {
  const history = new History(party, vendor, load);
  await history.begin();
  for (const event of events) await history.run(event);
  await history.rest();
}

/** Of the gate, which judges a change and not a throw of dice: by night, and by a seed alone, others are lived. */
const gateSeed = 3;

/** Seed and path of a failure, as fast-check tells both; a seed alone begins there. */
function replayed(): fc.Parameters<unknown> {
  const [seed = "", path] = (process.env["PODTRUST_HISTORY"] ?? "").split("/");
  if (seed === "") return isAtLength ? {} : { seed: gateSeed };
  return path === undefined ? { seed: Number(seed) } : { seed: Number(seed), path, endOnFailure: true };
}

/**
 * Lives random histories of a party. A failure says its seed and path, and the shortest history that was found for it:
 * `PODTRUST_HISTORY=SEED/PATH` has that one lived again, and no other.
 */
export async function assertHistoriesHold(
  t: TestContext,
  party: HistoryParty,
  { count, examples }: LivedHistories,
): Promise<void> {
  const vendor = await party.start();
  let times = 0;
  let living: Promise<void> = Promise.resolve();
  try {
    const holds = fc.asyncProperty(historiesOf(party), async (events) => {
      times += 1;
      living = lived(party, vendor, events);
      await living;
    });
    await fc.assert(holds, {
      numRuns: count + examples.length,
      interruptAfterTimeLimit: minutes * 60_000,
      examples: examples.map((one) => [one]),
      ...replayed(),
    });
  } finally {
    t.diagnostic(`${times} histories`);
    // Where the time was over, the last one is lived to its end.
    await living.catch(() => {});
    await vendor.close();
  }
  const isReplay = "path" in replayed();
  assert.ok(isReplay || times > examples.length, `only ${times} histories in ${minutes} minutes`);
}
