import { setting } from "../base/index.ts";
import type { Host } from "./host.ts";
import { dim, green, red, type Text, rich } from "./text.ts";
import type { Writer } from "./writer.ts";

/** Something that is being waited for, on the screen. Ended by exactly one of `done` and `failed`. */
export interface Waiting {
  /** Why it still waits, for example the last refusal. */
  update(reason: string): void;
  done(outcome?: Text): void;
  failed(outcome?: Text): void;
}

/** What is waited for, and why. */
export interface Wait {
  /** `role demo to become usable` */
  readonly what: string;
  /** `IAM is eventually consistent` */
  readonly reason: string;
  /** Milliseconds of `Clock.elapsed()` after which it is given up; absent when it has no end. */
  readonly deadline?: number;
}

/**
 * Long work on standard error, so that standard output stays clean: a plain line for each event, and on a
 * terminal one line that counts down to the deadline and is then replaced by its outcome.
 */
export interface Progress {
  /** A step in words. */
  readonly line: (said: Text, hang?: number) => void;
  readonly wait: (wait: Wait) => Waiting;
}

const second = 1000;

function secondsLeft(wait: Wait, now: number): string {
  if (wait.deadline === undefined) return "";
  return `, at most ${Math.max(0, Math.ceil((wait.deadline - now) / second))} s`;
}

/** Progress on standard error. */
export function createProgress({ env, clock }: Pick<Host, "env" | "clock">, writer: Writer): Progress {
  const live = writer.isTerminal && setting(env, "TERM") !== "dumb";
  const countDown = async (draw: () => void, ended: AbortSignal): Promise<void> => {
    while (!ended.aborted) {
      draw();
      await clock.sleep(second, ended);
    }
  };
  return {
    line: writer.line,
    wait(wait) {
      let reason = wait.reason;
      const over = new AbortController();
      const sentence = (): string =>
        `waiting for ${wait.what}: ${reason}${secondsLeft(wait, clock.elapsed())}`;
      const draw = (): void => writer.draw(dim(sentence()));
      if (live) countDown(draw, over.signal).catch(() => undefined);
      else writer.line(sentence());
      const end = (outcome: Text): void => {
        if (over.signal.aborted) throw new TypeError("a wait ends once");
        over.abort();
        if (live) writer.draw(undefined);
        writer.line(outcome);
      };
      return {
        update(next) {
          if (next === reason) return;
          reason = next;
          if (live) draw();
          else writer.line(sentence());
        },
        done: (outcome) => end(rich`${green("done")}: ${outcome ?? wait.what}`),
        failed: (outcome) => end(rich`${red("failed")}: ${outcome ?? `${wait.what}: ${reason}`}`),
      };
    },
  };
}
