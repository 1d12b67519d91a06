/**
 * Makes what the machine suites boot, once per content, into .cache/machine/: the disk of a Debian 12, and on it the real
 * servers that its stand-in for k3s starts.
 *
 *   node test/machine/build.ts
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { BootImage } from "./emulator/index.ts";
import { buildPrograms, whyNoCluster } from "../cluster/build.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** Resolved, since disks name one another by their paths. */
function cacheFolder(): string {
  const folder = join(here, "..", "..", ".cache", "machine");
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}
const script = join(here, "image", "build.sh");
/** From a slow mirror on a busy machine; 75 seconds were measured on an idle one. */
const imageTimeoutMs = 900_000;

/** What a machine boots from, and what is put on it. */
export interface MachineImage {
  /** With kube-apiserver, kube-controller-manager, kubectl and etcd in /opt/stand-in. */
  readonly boot: BootImage;
  /** The stand-in for k3s, one file as k3s is. */
  readonly k3s: string;
}

/** Whether a program is in PATH, or where root's are. */
export function find(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

const packages: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  debootstrap: "debootstrap",
  "grub-mkimage": "grub-common grub-pc-bin",
  "mkfs.ext4": "e2fsprogs",
  ssh: "openssh-client",
};

/** Why no machine can be booted here, or undefined. */
export function whyNoMachine(): string | undefined {
  const cluster = whyNoCluster();
  if (cluster !== undefined) return cluster;
  if (process.arch !== "x64") return `the machine is an x64 one, and this is ${process.arch}`;
  const missing = Object.keys(packages).filter((program) => !find(program));
  if (missing.length > 0) {
    const names = missing.map((program) => packages[program]).join(" ");
    return `${missing.join(", ")} not found (Debian: apt-get install --no-install-recommends ${names})`;
  }
  return process.getuid?.() === 0 ? undefined : "the machine's disk is made by root alone (debootstrap)";
}

/** The mirrors that this machine's own apt asks, where it is a Debian. */
export function mirrors(): { readonly main: string; readonly security: string } {
  const files = globSync(["/etc/apt/sources.list", "/etc/apt/sources.list.d/*.{list,sources}"]);
  const urls = files.flatMap((file) => readFileSync(file, "utf8").match(/\bhttps?:\/\/\S+/gu) ?? []);
  const found = (end: string): string | undefined =>
    urls.find((url) => url.replace(/\/$/u, "").endsWith(end));
  return {
    main: found("/debian") ?? "http://deb.debian.org/debian",
    security: found("/debian-security") ?? "http://deb.debian.org/debian-security",
  };
}

/** Runs a program to its end, or ends it with all that it started. */
export async function runToEnd(command: string, args: readonly string[], timeoutMs: number): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  if (late) throw new Error(`${basename(command)} has not ended after ${timeoutMs / 1000} s`);
  if (code !== 0) throw new Error(`${basename(command)} ended with ${code ?? signal}`);
}

/** Fills a folder of the cache aside and moves it in whole, so that a build cut short leaves nothing that looks finished. */
export async function makeOnce(folder: string, fill: (aside: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const aside = mkdtempSync(join(dirname(folder), "building-"));
  try {
    await fill(aside);
    // Whoever is nobody boots it too.
    chmodSync(aside, 0o755);
    if (!existsSync(folder)) renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Names what was made of these parts. */
export const hashOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
};

const diskPrograms = ["kube-apiserver", "kube-controller-manager", "kubectl", "etcd"] as const;

/** The paths of all that a machine boots from, of which what is not in the cache yet is made first. */
export async function buildImage(say: (line: string) => void = console.log): Promise<MachineImage> {
  const programs = await buildPrograms(say);
  const cache = cacheFolder();
  const served = diskPrograms.map((name) => programs[name]);
  const parts = [readFileSync(script), readFileSync(join(here, "image", "packages")), ...served];
  const image = join(cache, `debian-12-${hashOf(...parts)}`);
  await makeOnce(image, async (aside) => {
    say("making the machine's disk (75 seconds where nothing else runs)");
    const { main, security } = mirrors();
    await runToEnd(script, [aside, main, security, ...served], imageTimeoutMs);
  });
  return { boot: { disk: join(image, "disk.raw"), format: "raw" }, k3s: programs.k3s };
}

/** What runs the machines, for messages and for what depends on its version. */
export function emulatorVersion(): string {
  return spawnSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" }).stdout.split("\n")[0] ?? "";
}

if (import.meta.main) {
  const missing = whyNoMachine();
  if (missing !== undefined) throw new Error(missing);
  console.log(await buildImage());
}
