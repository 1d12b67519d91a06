import type { Working } from "../../control-plane/adoption/index.ts";
import type { Waiting } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";

/** Waits as progress: one at a time. */
export interface ShownWaits extends Pick<Working, "waiting"> {
  ended(isDone: boolean): void;
}

/** Shows waits of a command. */
export function shownWaits({ progress }: CommandContext): ShownWaits {
  let wait: Waiting | undefined;
  return {
    waiting(what, reason, deadline) {
      if (wait === undefined) wait = progress.wait({ what, reason, deadline });
      else wait.update(reason);
    },
    ended(isDone) {
      if (isDone) wait?.done();
      else wait?.failed();
      wait = undefined;
    },
  };
}

/** Does work whose waits are shown until it ends. */
export async function withWaits<T, W extends ShownWaits>(
  waits: W,
  work: (waits: W) => Promise<T>,
): Promise<T> {
  let isDone = false;
  try {
    const done = await work(waits);
    isDone = true;
    return done;
  } finally {
    waits.ended(isDone);
  }
}
