import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createCgroup, removeCgroup } from "./cgroup.ts";
import type { GuardReport, GuardRequest } from "./guard.ts";
import { until } from "../../support/until.ts";

/** A program to run. */
export interface ProgramSpec {
  /** For messages, and the name of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Nothing of the test's own environment gets in; programs in Go collect their garbage rarely, unless it says otherwise. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** How it ended, once it has. */
  readonly ended: () => string | undefined;
  /** What it wrote on stdout and stderr; the last 4,000 characters. */
  readonly output: () => string;
  /** SIGTERM, after `graceMs` (5,000) SIGKILL; resolves when it is gone. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** Programs and files that live and end together. */
export interface Run {
  /** A folder of its own, mode 0700, removed at the end. */
  readonly folder: string;
  /** Writes a file into the folder, mode 0600, and gives its path. */
  readonly write: (name: string, content: string) => string;
  readonly start: (spec: ProgramSpec) => Promise<Program>;
  /** Makes a cgroup in every hierarchy, which is removed at the end with all that stands and runs below it. */
  readonly createCgroup: (name: string) => void;
  /** Ends everything; resolves when all of it, the folder too, is gone. Twice is once. */
  readonly end: () => Promise<void>;
}

type Listener = (report: GuardReport) => void;

interface Guard {
  readonly process: ChildProcess;
  readonly send: (request: GuardRequest) => void;
  readonly listen: (id: number, listener: Listener) => void;
}

const guardsEnd = "with its guard";

/** What the guard would have done, had it not been killed itself. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function openGuard(folder: string, cgroups: readonly string[]): Guard {
  const child = fork(fileURLToPath(new URL("guard.ts", import.meta.url)), [folder], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
    env: { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" },
  });
  const listeners = new Map<number, Listener>();
  child.on("message", (report: GuardReport) => listeners.get(report.id)?.(report));
  child.once("exit", () => {
    for (const [id, listener] of listeners) listener({ type: "exited", id, how: guardsEnd });
    for (const name of cgroups) removeCgroup(name);
    rmSync(folder, { recursive: true, force: true });
  });
  // Neither the guard nor its channel keeps a finished test process alive.
  child.unref();
  child.channel?.unref();
  return {
    process: child,
    send(request) {
      if (child.connected) child.send(request);
    },
    listen(id, listener) {
      listeners.set(id, listener);
    },
  };
}

/** What it takes to wait for the guard's answer, although the channel does not keep the process alive. */
function awake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  return promise.finally(() => {
    clearInterval(timer);
  });
}

function startProgram(
  run: { guard: Guard; folder: string; id: number },
  spec: ProgramSpec,
): Promise<Program> {
  const { guard, folder, id } = run;
  const log = join(folder, `${spec.name}-${id}.log`);
  const output = (): string => readFileSync(log, "utf8").slice(-4000);
  let how: string | undefined;
  let pid: number | undefined;
  let gone: () => void;
  const exit = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const stop = async (graceMs = 5000): Promise<void> => {
    guard.send({ type: "stop", id, graceMs });
    await awake(exit);
  };
  const started = new Promise<Program>((resolve, reject) => {
    const failed = (reason: string): void => {
      reject(new Error(`${spec.name} could not be started: ${reason}`));
    };
    guard.listen(id, (report) => {
      if (report.type === "started") {
        pid = report.pid;
        resolve({ name: spec.name, pid, ended: () => how, output, stop });
      } else if (report.type === "failed") failed(report.reason);
      else {
        if (how === undefined && report.how === guardsEnd) killGroup(pid);
        how ??= report.how;
        gone();
        // Without effect on a program that had been started.
        failed(`ended ${how}`);
      }
    });
  });
  // Of what an API server takes to start, nearly a third is collecting garbage at Go's default pace.
  const env = { GOGC: "400", ...spec.env };
  guard.send({ type: "start", id, command: spec.command, args: spec.args, env, log });
  return awake(started);
}

/** Opens a run; whatever becomes of this process, all that it starts is ended and its folder removed. */
export function openRun(name: string): Run {
  const folder = mkdtempSync(join(tmpdir(), `podtrust-${name}-`));
  const cgroups: string[] = [];
  const guard = openGuard(folder, cgroups);
  let programs = 0;
  return {
    folder,
    write(file, content) {
      const path = join(folder, file);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    },
    start(spec) {
      programs += 1;
      return startProgram({ guard, folder, id: programs }, spec);
    },
    createCgroup(group) {
      cgroups.push(group);
      // First, so that it goes even if this process ends the next moment.
      guard.send({ type: "cgroup", name: group });
      createCgroup(group);
    },
    async end() {
      if (guard.process.exitCode !== null || guard.process.signalCode !== null) return;
      const exit = once(guard.process, "exit");
      guard.send({ type: "end" });
      await awake(exit);
    },
  };
}

/**
 * Asks `probe` every 100 ms until it answers; an error with the program's last words when the program ends first, or
 * after ten minutes.
 */
export async function untilReady<T>(program: Program, probe: () => Promise<T>): Promise<T> {
  const words = (): string => `Its last words:\n${program.output()}`;
  let refusal: unknown;
  const { answer } = await until(
    `${program.name} is ready`,
    async () => {
      try {
        return { answer: await probe() };
      } catch (cause) {
        refusal = cause;
        const ended = program.ended();
        if (ended === undefined) return undefined;
        throw new Error(`${program.name} ended (${ended}) before it was ready. ${words()}`, { cause });
      }
    },
    { everyMs: 100, detail: () => `${String(refusal)}\n${words()}` },
  );
  return answer;
}
