import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../../src/core/base/index.ts";
import { maxWait } from "../max-wait.ts";
import type { Accelerator, BootImage } from "./emulator.ts";

const run = promisify(execFile);
const bounds = { timeout: maxWait, maxBuffer: 1024 * 1024, killSignal: "SIGKILL" } as const;

/** Something that is not here, or not what it shall be, and what to do about it. */
export interface Lack {
  readonly what: string;
  readonly next: string;
}

const programs: readonly (readonly [program: string, next: string])[] = [
  ["qemu-system-x86_64", "install QEMU (Debian and Ubuntu: apt-get install qemu-system-x86)"],
  ["qemu-img", "install QEMU's tools (Debian and Ubuntu: apt-get install qemu-utils)"],
];

/** Which of the emulator's programs are not in PATH, or do not run. */
export async function lackingPrograms(): Promise<readonly Lack[]> {
  const each = await Promise.all(
    programs.map(async ([program, next]) => {
      try {
        await run(program, ["--version"], bounds);
        return [];
      } catch (error) {
        const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
        return [{ what: isAbsent ? `${program} is not in PATH` : `${program}: ${errorText(error)}`, next }];
      }
    }),
  );
  return each.flat();
}

const otherImage = "name a disk image that boots on amd64 by its boot sector, raw or qcow2";

/** The first sector of a disk, whatever the format of its file. */
async function firstSector(file: string, format: BootImage["format"]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-sector-"));
  try {
    const sector = join(folder, "sector");
    const to = ["-f", format, "-O", "raw", "bs=512", "count=1", `if=${file}`, `of=${sector}`];
    await run("qemu-img", ["dd", "-U", ...to], bounds);
    const handle = await open(sector);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Code to start with, and the mark at the end: what a firmware looks for (a disk that only UEFI boots has no code). */
const bootsItself = (sector: Buffer): boolean =>
  sector.length === 512 && sector[0] !== 0 && sector.readUInt16LE(510) === 0xaa55;

/** A file as what a machine boots from, or why it is none. Needs `qemu-img`. */
export async function readBootImage(file: string): Promise<BootImage | Lack> {
  try {
    await access(file, constants.R_OK);
    const { stdout } = await run("qemu-img", ["info", "-U", "--output=json", file], bounds);
    const { format } = JSON.parse(stdout) as { readonly format: string };
    if (format !== "raw" && format !== "qcow2")
      return { what: `${file} is a disk image of the form ${format}`, next: otherImage };
    if (bootsItself(await firstSector(file, format))) return { disk: file, format };
    return {
      what: `${file} is no disk that boots itself: its first sector has no boot code`,
      next: otherImage,
    };
  } catch (error) {
    return { what: `${file} cannot be read as a disk image: ${errorText(error)}`, next: otherImage };
  }
}

/** What runs a machine's processors here: the kernel's KVM where it works, which only trying tells. */
export async function bestAccelerator(): Promise<Accelerator> {
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
    const trial = run(
      "qemu-system-x86_64",
      ["-nodefaults", "-display", "none", "-accel", "kvm", "-cpu", "max", "-m", "64", "-monitor", "stdio"],
      // A trial, which fails nothing: a KVM that says nothing soon is done without.
      { ...bounds, timeout: 5000 },
    );
    // Where it cannot be started, the promise says why.
    trial.child.stdin?.on("error", () => {});
    trial.child.stdin?.end("info kvm\nquit\n");
    const { stdout } = await trial;
    return stdout.includes("kvm support: enabled") ? "kvm" : "tcg";
  } catch {
    return "tcg";
  }
}
