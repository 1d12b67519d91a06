import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { until } from "../until.ts";
import type { SshHost } from "./ssh-host.ts";

/** What happens before one of the programs that a session starts. */
export type ProgramFault = "killed" | "disk full";

// What a step on a control plane machine calls, but for those that have stand-ins of their own.
const programs: readonly string[] = [
  ..."awk base64 basename cat chmod cmp cp cut date dirname find flock grep head id install ls mkdir mktemp mv".split(
    " ",
  ),
  ..."openssl readlink rm rmdir sed sha256sum stat sync tail tr wc".split(" "),
];

/** Seconds for which a program sleeps that is to be killed: those of another suite, beside this one, are not taken for its own. */
const asleep = `86399.${process.pid}`;
const steps = "run/steps";
/** Folders that are filled: disks of their own, which the sessions mount. */
const disks = ["etc", "var/lib"];
/** Of a disk that is filled: what fills it ends at twice that, wherever it writes. */
const diskKiB = 2048;

/**
 * Counts the programs that sessions start, and has something happen before one of them: everything that the session runs gets
 * SIGKILL, or the disks of /etc and /var/lib have no byte left from there on.
 */
export class ProgramFaults {
  readonly #host: SshHost;

  private constructor(host: SshHost) {
    this.#host = host;
  }

  /** The host's /etc and /var/lib become disks of their own. */
  static async on(host: SshHost): Promise<ProgramFaults> {
    const faults = new ProgramFaults(host);
    await mkdir(join(host.root, steps), { recursive: true });
    for (const name of disks) {
      const [disk, copy] = [join(host.root, name), join(host.root, "run/copy")];
      await cp(disk, copy, { recursive: true });
      // A folder that the sessions mount by itself: they would not see a disk below one.
      await host.small(name, `${diskKiB}k`);
      await chmod(disk, 0o755);
      await cp(copy, disk, { recursive: true });
      await rm(copy, { recursive: true });
    }
    await faults.begin();
    for (const name of programs)
      await host.program(
        name,
        `set -C
n=1
until true >/${steps}/started-$n; do n=$((n+1)); done 2>/dev/null
set +C
read -r at </${steps}/at
if [ "$n" = "$at" ]; then
  echo ${name} >/${steps}/reached
  read -r fault </${steps}/fault
  if [ "$fault" = killed ]; then exec /usr/bin/sleep ${asleep}; fi
  for disk in ${disks.join(" ")}; do /usr/bin/dd if=/dev/zero of=/$disk/.fill bs=1k count=${2 * diskKiB} 2>/dev/null; done
fi
exec /usr/bin/${name} "$@"`,
      );
    return faults;
  }

  /** Counts from 1 again; nothing happens where no number is given. */
  async begin(at?: number, fault: ProgramFault = "killed"): Promise<void> {
    const { root } = this.#host;
    for (const name of await readdir(join(root, steps))) await rm(join(root, steps, name));
    for (const disk of disks) await rm(join(root, disk, ".fill"), { force: true });
    const write = (name: string, text: string): Promise<void> =>
      writeFile(join(root, steps, name), `${text}\n`);
    await Promise.all([write("at", at === undefined ? "none" : String(at)), write("fault", fault)]);
  }

  /** How many were started. */
  async count(): Promise<number> {
    const names = await readdir(join(this.#host.root, steps));
    return names.filter((name) => name.startsWith("started-")).length;
  }

  /** The program before which it happened; undefined where none was. */
  reached(): string | undefined {
    const file = join(this.#host.root, steps, "reached");
    return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  }

  /** Does work, and kills what it runs on the machine where it is to be. Whether it failed is left to what it has done. */
  async during(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    const ended = work.catch(() => {}).then(() => void (isOver = true));
    await until("the program that is to be killed", () => isOver || this.#sleeping() !== undefined, {
      everyMs: 5,
    });
    const sleeping = this.#sleeping();
    const first = sleeping === undefined ? undefined : firstOf(sleeping);
    if (!isOver && first !== undefined) process.kill(first, "SIGKILL");
    await ended;
  }

  #sleeping(): number | undefined {
    if (this.reached() === undefined) return undefined;
    return pids().find((pid) => textOf(pid, "cmdline").replaceAll("\0", " ") === `/usr/bin/sleep ${asleep} `);
  }
}

const pids = (): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number);

function textOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** The first process of a session: with it all others of its namespace end. Undefined where it has ended. */
function firstOf(pid: number): number | undefined {
  const parent = Number(/^PPid:\s*([1-9]\d*)$/mu.exec(textOf(pid, "status"))?.[1]);
  if (Number.isNaN(parent)) return undefined;
  return textOf(parent, "comm").trim() === "unshare" ? pid : firstOf(parent);
}
