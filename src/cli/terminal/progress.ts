import type { Host } from "../host.ts";
import { styleOf, wantsColor } from "./style.ts";

/** Something that is being waited for, on the screen. Ended by exactly one of `done` and `failed`. */
export interface Waiting {
  /** Why it still waits, for example the last refusal. */
  update(reason: string): void;
  done(text?: string): void;
  failed(text?: string): void;
}

/** What is waited for, and why. */
export interface Wait {
  /** `role demo to become usable` */
  readonly what: string;
  /** `IAM is eventually consistent` */
  readonly reason: string;
  /** Milliseconds since the epoch after which it is given up; absent when it has no end. */
  readonly deadline?: number;
}

/**
 * Long work on standard error, so that standard output stays clean: a plain line for each event, and on a
 * terminal one line that counts down to the deadline and is then replaced by its outcome.
 */
export interface Progress {
  /** A step in words. */
  readonly line: (text: string) => void;
  readonly wait: (wait: Wait) => Waiting;
}

const second = 1000;

function secondsLeft(wait: Wait, now: number): string {
  if (wait.deadline === undefined) return "";
  return `, at most ${Math.max(0, Math.ceil((wait.deadline - now) / second))} s`;
}

async function countDown(host: Host, draw: () => void, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    draw();
    await host.clock.sleep(second, ended);
  }
}

/** Progress on a host's standard error. */
export function createProgress(host: Host): Progress {
  const live = host.stderr.isTTY === true && host.env["TERM"] !== "dumb";
  const style = styleOf(wantsColor(host.env, host.stderr));
  const line = (text: string): void => void host.stderr.write(`${text}\n`);
  const clear = (): void => void (live && host.stderr.write("\r\u001B[K"));
  return {
    line,
    wait(wait) {
      let reason = wait.reason;
      const over = new AbortController();
      const sentence = (): string =>
        `waiting for ${wait.what}: ${reason}${secondsLeft(wait, host.clock.now())}`;
      const draw = (): void => {
        const text = sentence().slice(0, Math.max(20, (host.stderr.columns ?? 80) - 1));
        clear();
        host.stderr.write(style.dim(text));
      };
      if (live) countDown(host, draw, over.signal).catch(() => undefined);
      else line(sentence());
      const end = (text: string): void => {
        if (over.signal.aborted) throw new TypeError("a wait ends once");
        over.abort();
        clear();
        line(text);
      };
      return {
        update(next) {
          if (next === reason) return;
          reason = next;
          if (live) draw();
          else line(sentence());
        },
        done: (text) => end(`${style.green("done")}: ${text ?? wait.what}`),
        failed: (text) => end(`${style.red("failed")}: ${text ?? `${wait.what}: ${reason}`}`),
      };
    },
  };
}
