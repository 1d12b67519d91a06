import { type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import type { Work } from "../../rules/plan/index.ts";

export interface UntilOptions {
  /** What is waited for, as the end of `waiting for …`. */
  readonly what: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly everyMs: number;
  readonly work: Pick<Work, "signal" | "waiting">;
  /** Undefined once it came about, else why it has not. */
  readonly look: () => Promise<string | undefined>;
  /** The end of the log that says why it did not come about. */
  readonly tail?: () => Promise<string>;
  /** What to do where it does not come about; absent: the log is to be looked at. */
  readonly next?: string;
}

/** Waits until something on the machine came about, with reason and deadline. Throws `host-wait-missed` with the log's end. */
export async function until({
  what,
  clock,
  timeoutMs,
  everyMs,
  work,
  look,
  tail,
  next,
}: UntilOptions): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const reason = await look();
    if (reason === undefined) return;
    work.signal.throwIfAborted();
    if (clock.now() + everyMs > deadline) {
      const log = (await tail?.().catch(() => undefined))?.trim() ?? "";
      const end = log === "" ? "" : `. The end of its log:\n  ${log.replaceAll("\n", "\n  ")}`;
      const seconds = Math.round(timeoutMs / 1000);
      throw new PodtrustError("host-wait-missed", `${what}: not within ${seconds} s; last: ${reason}${end}`, {
        detail: { what, seconds, reason },
        ...defined({ next }),
      });
    }
    work.waiting(`${what}: ${reason}`, deadline);
    await clock.sleep(everyMs, work.signal);
  }
}
