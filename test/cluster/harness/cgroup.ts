import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const root = "/sys/fs/cgroup";

/** The roots of the machine's cgroup hierarchies: one of version 2, or each of version 1. */
export function hierarchies(): readonly string[] {
  if (existsSync(join(root, "cgroup.controllers"))) return [root];
  if (!existsSync(root)) return [];
  const folders = readdirSync(root).map((name) => realpathSync(join(root, name)));
  return [...new Set(folders)].filter((folder) => existsSync(join(folder, "cgroup.procs")));
}

/** Makes an empty cgroup of the name in every hierarchy. */
export function createCgroup(name: string): void {
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, name));
}

function killMembers(folder: string): void {
  for (const pid of readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n")) {
    try {
      // 0: of a process outside our own PID namespace.
      if (Number(pid) > 0) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  killMembers(folder);
  rmdirSync(folder);
}

/** Blocks, as it is called where nothing else is left to be done. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Kills what runs in the cgroup and its children, and removes them; tries for ten seconds, as killing takes time. */
export function removeCgroup(name: string): void {
  const deadline = performance.now() + 10_000;
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    while (existsSync(folder) && performance.now() < deadline) {
      try {
        removeTree(folder);
      } catch {
        pause(50);
      }
    }
  }
}
