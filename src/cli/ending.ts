import type { ExitCode } from "./exit.ts";

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
