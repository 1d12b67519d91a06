import { type Clock, defined, PodtrustError, until } from "../../core/base/index.ts";
import type { Work } from "../../rules/plan/index.ts";

export interface MachineWait {
  /** What is waited for, as the end of `waiting for …`. */
  readonly what: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly everyMs: number;
  readonly work: Pick<Work, "signal" | "waiting">;
  /** Undefined once it happened, else why it has not. */
  readonly look: () => Promise<string | undefined>;
  /** The end of the log that says why it did not happen. */
  readonly tail?: () => Promise<string>;
  /** What to do where it does not happen; absent: look at the log. */
  readonly next?: string;
}

/**
 * Waits until something on the machine has happened, with reason and deadline. Throws `host-wait-missed` with the log's
 * end.
 */
export async function untilOnMachine({
  what,
  clock,
  timeoutMs,
  everyMs,
  work,
  look,
  tail,
  next,
}: MachineWait): Promise<void> {
  await until<true>({
    clock,
    withinMs: timeoutMs,
    delays: [everyMs],
    signal: work.signal,
    look: async () => {
      const reason = await look();
      return reason === undefined ? { is: true } : { waitsFor: reason };
    },
    onWait: (reason, deadline) => work.waiting(`${what}: ${reason}`, deadline),
    late: async (reason) => {
      const log = (await tail?.().catch(() => undefined))?.trim() ?? "";
      const end = log === "" ? "" : `. The end of its log:\n  ${log.replaceAll("\n", "\n  ")}`;
      const seconds = Math.round(timeoutMs / 1000);
      return new PodtrustError(
        "host-wait-missed",
        `${what}: not within ${seconds} s; last: ${reason}${end}`,
        {
          detail: { what, seconds, reason },
          ...defined({ next }),
        },
      );
    },
  });
}
