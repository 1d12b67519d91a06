/**
 * The parent of all programs of one run. It outlives whoever started it by the moment it takes to end them: when
 * the channel to that process closes, be it by a clean end, a crash or SIGKILL, every program is killed, and the
 * run's cgroups and its folder are removed. Started by run.ts, as a process group of its own, so that a signal to the test's group
 * does not end it first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import process from "node:process";
import { removeCgroup } from "./cgroup.ts";

/** What run.ts sends. */
export type GuardRequest =
  | {
      readonly type: "start";
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly log: string;
    }
  | { readonly type: "stop"; readonly id: number; readonly graceMs: number }
  /** A cgroup that is to be removed at the end, in every hierarchy. */
  | { readonly type: "cgroup"; readonly name: string }
  | { readonly type: "end" };

/** What the guard answers. */
export type GuardReport =
  | { readonly type: "started"; readonly id: number; readonly pid: number }
  | { readonly type: "failed"; readonly id: number; readonly reason: string }
  | { readonly type: "exited"; readonly id: number; readonly how: string };

const folder = process.argv[2] ?? "";
const children = new Map<number, ChildProcess>();
const cgroups: string[] = [];
let ending = false;

function report(message: GuardReport): void {
  if (process.connected) process.send?.(message, () => {});
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    // The whole group: a program's own children too.
    process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

function start(request: GuardRequest & { type: "start" }): void {
  const { id, command, args, env, log } = request;
  const output = openSync(log, "a");
  const child = spawn(command, args, { env, cwd: folder, detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  children.set(id, child);
  child.on("spawn", () => {
    report({ type: "started", id, pid: child.pid as number });
  });
  child.on("error", (error) => {
    children.delete(id);
    report({ type: "failed", id, reason: error.message });
  });
  child.on("exit", (code, name) => {
    children.delete(id);
    report({ type: "exited", id, how: name ?? `exit code ${code}` });
    if (ending) finishWhenEmpty();
  });
}

function stop(id: number, graceMs: number): void {
  const child = children.get(id);
  if (child === undefined) return;
  signal(child, "SIGTERM");
  const timer = setTimeout(() => {
    signal(child, "SIGKILL");
  }, graceMs);
  child.once("exit", () => {
    clearTimeout(timer);
  });
}

function finishWhenEmpty(): void {
  if (children.size > 0) return;
  for (const name of cgroups) removeCgroup(name);
  rmSync(folder, { recursive: true, force: true });
  // With the channel goes the last thing that keeps this process alive.
  if (process.connected) process.disconnect?.();
}

/** Nobody is left who could want a graceful end. */
function end(): void {
  ending = true;
  for (const child of children.values()) signal(child, "SIGKILL");
  finishWhenEmpty();
}

process.on("message", (request: GuardRequest) => {
  if (request.type === "start") start(request);
  else if (request.type === "stop") stop(request.id, request.graceMs);
  else if (request.type === "cgroup") cgroups.push(request.name);
  else end();
});
process.on("disconnect", end);
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, end);
