import { type PodtrustError, TimeLimit } from "../../../core/base/index.ts";
import type { BindingOutcome } from "../pass.ts";
import type { BindingRow, Cut, RowTypes, Staying, Taken, Writing } from "./row.ts";

/** The longest one write may take, in milliseconds: another pass tries again. */
export const maxWrite = 30_000;

/** Runs a write within its time. Throws `late` when that is over, and what the write throws. */
export async function within<T>(
  { clock, signal }: Pick<Writing, "clock" | "signal">,
  { ms, late }: { readonly ms: number; readonly late: () => PodtrustError },
  write: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit(clock, { ms, signal, reason: late });
  try {
    const done = await write(limit.signal);
    signal.throwIfAborted();
    if (limit.isLate) throw late();
    return done;
  } catch (error) {
    signal.throwIfAborted();
    throw limit.isLate ? late() : error;
  } finally {
    await limit.end();
  }
}

/** What of a row taking away needs. */
export type CutRow = Pick<BindingRow<RowTypes>, "isVendors" | "late" | "vendor">;

/** Time for one write to a relying party, and what is said if it is over. */
export const limitOf = (
  { late, vendor }: Pick<CutRow, "late" | "vendor">,
  ms: number,
): { readonly ms: number; readonly late: () => PodtrustError } => ({
  ms,
  late: () => late(`${vendor} gave no good answer within ${ms / 1000} s`),
});

/** How a relying party is written to, and how long one write may take, in milliseconds. */
type LimitedWriting = Writing & { readonly ms?: number };

/** Writes of each right for itself: one that fails keeps none of the others. Returns the relying party's errors. */
async function eachWithin<Right, Done>(
  row: CutRow,
  rights: readonly Right[],
  { ms = maxWrite, ...writing }: LimitedWriting,
  of: {
    readonly write: (right: Right, writing: Writing) => Promise<Done>;
    readonly done: (right: Right, done: Done) => void;
    readonly failed: (right: Right, error: PodtrustError) => void;
  },
): Promise<readonly PodtrustError[]> {
  const failures: PodtrustError[] = [];
  for (const right of rights) {
    try {
      const done = await within(writing, limitOf(row, ms), (signal) =>
        of.write(right, { ...writing, signal }),
      );
      of.done(right, done);
    } catch (error) {
      writing.signal.throwIfAborted();
      if (!row.isVendors(error)) throw error;
      failures.push(error);
      of.failed(right, error);
    }
  }
  return failures;
}

/** What came of deleting what lets nobody in any more. */
export interface Deleted<Right> {
  readonly stays: readonly Staying<Right>[];
  readonly changes: BindingOutcome["changes"];
  readonly failures: readonly PodtrustError[];
}

/** Deletes what was made for a binding and lets nobody in any more, each for itself, as `takenAway` does. */
export async function deletedClosed<Right>(
  row: CutRow,
  taking: { readonly remove: (right: Right, writing: Writing) => Promise<string | undefined> },
  closed: readonly Right[],
  writing: LimitedWriting,
): Promise<Deleted<Right>> {
  const stays: Staying<Right>[] = [];
  const changes: BindingOutcome["changes"][number][] = [];
  const failures = await eachWithin(row, closed, writing, {
    write: (right, own) => taking.remove(right, own),
    done(right, why) {
      if (why === undefined) changes.push({ kind: "delete", fields: [] });
      else stays.push({ right, why });
    },
    failed: (right, { message }) => void stays.push({ right, why: message }),
  });
  return { stays, changes, failures };
}

/**
 * Takes rights away, each for itself: one that is refused keeps none of the others. The relying party's errors are
 * reported; all others are thrown.
 */
export async function takenAway<Right>(
  row: CutRow,
  take: (right: Right, writing: Writing) => Promise<Taken<Right>>,
  rights: readonly Right[],
  writing: LimitedWriting,
): Promise<Cut<Right>> {
  const left: Right[] = [];
  const changes: BindingOutcome["changes"][number][] = [];
  let wait = 0;
  const failures = await eachWithin(row, rights, writing, {
    write: take,
    done(_right, done) {
      wait = Math.max(wait, done.wait);
      changes.push(...done.changes);
      if (done.left !== undefined) left.push(done.left);
    },
    failed: (right) => void left.push(right),
  });
  return { left, changes, wait, failures };
}
