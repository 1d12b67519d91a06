import type { ExitCode } from "./exit.ts";
import type { TextSource } from "./host.ts";

const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The signals that end a command. */
export type EndingSignal = keyof typeof signalCodes;

/** Why `Host.signal` was aborted. */
export class EndedBySignal extends Error {
  readonly exitCode: ExitCode;

  constructor(name: EndingSignal) {
    super(`ended by ${name}`);
    this.exitCode = signalCodes[name];
  }
}

/** The exit code of a command that a signal ended before it was done, as shells expect it; undefined if none did. */
export function exitCodeOfSignal(signal: AbortSignal): ExitCode | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason instanceof EndedBySignal ? signal.reason.exitCode : signalCodes.SIGINT;
}

/** Resolves once a signal came. */
export async function untilEnded(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * Resolves once standard input ends, as a pipe does when the process at its other end ends, however that was. Input is
 * discarded. This keeps no process alive.
 */
export async function untilInputEnds(stdin: TextSource): Promise<void> {
  stdin.unref?.();
  try {
    for await (const _ of stdin);
  } catch {
    // An input that broke has ended, too.
  }
}
