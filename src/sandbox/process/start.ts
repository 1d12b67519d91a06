import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { PodtrustError } from "../../base/index.ts";
import { asker, type Ask, connectionBy, type SandboxConnection } from "../control/index.ts";
import { notCarried, type Said, type SandboxProcessOptions } from "./messages.ts";

export type { SandboxProcessOptions } from "./messages.ts";

/** A sandbox in a process of its own, which ends with `await using`, `close()`, or the program that started it. */
export interface SandboxProcess extends SandboxConnection, AsyncDisposable {
  /** By it and `url`, other processes use it too: `connectSandbox({ url, token: controlToken })`. */
  readonly controlToken: string;
  /** The process's number. */
  readonly pid: number;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

/** Milliseconds to be ready, and to end once told. */
const startTime = 30_000;
const endTime = 5000;

/** The program of the process, built or not as this file is. */
function programFile(): string {
  return fileURLToPath(new URL(`main${extname(new URL(import.meta.url).pathname)}`, import.meta.url));
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

function endedError({ pid, exitCode, signalCode }: ChildProcess): PodtrustError {
  const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
  return new PodtrustError("sandbox-process-ended", `the sandbox's process ${pid} ended ${how}`, {
    detail: { pid, exitCode, signal: signalCode },
    ...(exitCode === 0 ? { next: "It was closed. Start another one, or close it later." } : {}),
  });
}

/** Waits for the one message of a process; throws where it ends or says nothing in time. */
async function saidBy(child: ChildProcess): Promise<Said> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), startTime);
  const { signal } = waiting;
  const ended = async (): Promise<never> => {
    await once(child, "exit", { signal });
    throw endedError(child);
  };
  try {
    const [said] = (await Promise.race([once(child, "message", { signal }), ended()])) as [Said];
    return said;
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
    const sentence = `the sandbox's process ${child.pid} was not ready after ${startTime / 1000} s`;
    throw new PodtrustError("sandbox-process-ended", sentence, { detail: { pid: child.pid } });
  } finally {
    clearTimeout(timer);
    waiting.abort();
  }
}

/** Ends a process by ending the channel to it, and by force where it does not hear that. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  const exit = once(child, "exit");
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), endTime);
  await exit;
  clearTimeout(timer);
}

/** Where a process that is no more would leave nothing but a connection refused, says that it ended. */
function askingOf(child: ChildProcess, ask: Ask): Ask {
  return async (...request) => {
    try {
      return await ask(...request);
    } catch (error) {
      throw hasEnded(child) ? endedError(child) : error;
    }
  };
}

function sandboxOf(child: ChildProcess, said: Said): SandboxProcess {
  if ("error" in said) throw new PodtrustError(said.error.code, said.error.message, said.error);
  const { sandbox } = said;
  const { url, controlToken } = sandbox;
  const close = (): Promise<void> => end(child);
  return {
    ...connectionBy(askingOf(child, asker({ url, token: controlToken })), sandbox),
    controlToken,
    pid: child.pid ?? 0,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkCarried(options: SandboxProcessOptions): void {
  const name = Object.keys(options).find((key) => notCarried.includes(key));
  if (name === undefined) return;
  throw new TypeError(`${name} has functions, which no other process can be given: startSandbox takes it`);
}

/**
 * Starts a sandbox in a process of its own, so that neither its work nor the tests' slows the other's. It has the calls that
 * `startSandbox` gives, but for those of its issuer's cluster, and each gives a promise. The process ends when the program that
 * started it does, and does not keep that running. Rejects with what `startSandbox` rejects with,
 * with `sandbox-process-ended`, or with a TypeError for an option that is a function.
 */
export async function startSandboxProcess(options: SandboxProcessOptions = {}): Promise<SandboxProcess> {
  checkCarried(options);
  const child = fork(programFile(), [], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    // Where it cannot be told, it has ended, and that is what is thrown.
    child.send(options, () => undefined);
    const sandbox = sandboxOf(child, await saidBy(child));
    // A program that forgets to close it ends all the same, and the process with it.
    child.unref();
    child.channel?.unref();
    return sandbox;
  } catch (error) {
    await end(child);
    throw error;
  }
}
