import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { whyNoCluster } from "../build.ts";
import { hierarchies } from "./cgroup.ts";

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function find(program: string): string | undefined {
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** Path of runc; why-no-pods has said before if there is none. */
export function findRunc(): string {
  const path = find("runc");
  if (path === undefined) throw new Error("there is no runc on this machine");
  return path;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why pods cannot be run on this machine, or undefined. */
export function whyNoPods(): string | undefined {
  const cluster = whyNoCluster();
  if (cluster !== undefined) return cluster;
  if (process.getuid?.() !== 0) return "a kubelet that runs pods must be root";
  for (const program of ["runc", "unshare", "nsenter", "ip", "nft"])
    if (find(program) === undefined)
      return `pods are run with ${program}, which is not here (Debian: apt-get install runc util-linux iproute2 nftables)`;
  const roots = hierarchies();
  if (roots.length === 0 || !roots.every(mayWrite)) return "cgroups cannot be made in /sys/fs/cgroup";
  const tried = spawnSync(
    "unshare",
    ["--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
    {
      encoding: "utf8",
    },
  );
  if (tried.status === 0) return undefined;
  return `namespaces cannot be made: ${tried.error?.message ?? tried.stderr.trim()}`;
}
