import { PodtrustError } from "../../core/base/index.ts";
import { asker, type ControlCall, connectionBy, type SandboxConnection } from "../control/index.ts";
import { sandboxForm, type SandboxOptions } from "../start.ts";
import { checkCarried, type NotCarried } from "./carried.ts";
import { atDoor } from "../errors/index.ts";
import { OwnProcess } from "./own-process.ts";

/** Options of a sandbox in a process of its own: those of `startSandbox` without functions. */
export type SandboxProcessOptions = Omit<SandboxOptions, "clock" | "logger" | "onDecision" | "tables">;

const notCarried: NotCarried<SandboxOptions, SandboxProcessOptions> = {
  clock: true,
  logger: true,
  onDecision: true,
  tables: true,
};

/** A sandbox in a process of its own, which ends with `await using`, `close()`, or the program that started it. */
export interface SandboxProcess extends SandboxConnection, AsyncDisposable {
  /** `url` and this token let other processes use it too: `connectSandbox({ url, token: controlToken })`. */
  readonly controlToken: string;
  /** The process's number. */
  readonly pid: number;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

/** Where an ended process would only give a refused or cut connection, says that it ended. */
function askingOf(own: OwnProcess<"sandbox">, ask: ControlCall): ControlCall {
  return async (...request) => {
    try {
      return await ask(...request);
    } catch (error) {
      if (error instanceof PodtrustError && error.code === "http-unreachable") await own.ask("isThere");
      throw error;
    }
  };
}

/**
 * Starts a sandbox in a process of its own, so that its work and the tests' do not slow each other down. It has the
 * calls that `startSandbox` returns, except those of its issuer's cluster, and each returns a promise. The process ends
 * with the program that started it, and does not keep that running. Rejects with what `startSandbox` rejects with, with
 * `sandbox-process-ended`, or with `usage` for an option that is a function.
 *
 * @example
 * ```ts
 * await using sandbox = await startSandboxProcess({ propagationMs: 0 });
 * ```
 */
export function startSandboxProcess(options: SandboxProcessOptions = {}): Promise<SandboxProcess> {
  return atDoor(() => open(options));
}

async function open(options: SandboxProcessOptions): Promise<SandboxProcess> {
  checkCarried(options, notCarried, "startSandbox");
  sandboxForm(options, "startSandboxProcess");
  const { own, said } = await OwnProcess.start("sandbox", options);
  const { url, controlToken } = said;
  const { pid, close } = own;
  return {
    ...connectionBy(askingOf(own, asker({ url, token: controlToken })), said),
    controlToken,
    pid,
    close,
    [Symbol.asyncDispose]: close,
  };
}
