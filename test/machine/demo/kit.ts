import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../../src/core/base/index.ts";
import { MachineError } from "../error.ts";
import {
  type Accelerator,
  bestAccelerator,
  type BootImage,
  type Lack,
  lackingPrograms,
  readBootImage,
} from "../emulator/index.ts";
import { findReleases, readRelease } from "../../../src/providers/host/index.ts";
import type { PublisherRelease } from "../../../src/stack/index.ts";
import { makeFolder } from "../../../src/demo/files.ts";
import { maxWait } from "../max-wait.ts";

/** What a person names for a machine that boots; what is left out is lacking. */
export interface BootFiles {
  /** A disk image. */
  readonly image?: string;
  /** k3s's binary for amd64. */
  readonly k3s?: string;
  /** The publisher's, for x64. */
  readonly release: PublisherRelease;
}

/** A binary of k3s, pinned as it was found. */
export interface K3sFile {
  readonly file: string;
  /** What it says of itself: `v1.36.4+k3s1`. */
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
}

/** Everything that it takes to boot a machine and to set it up. */
export interface BootKit {
  readonly image: BootImage;
  readonly accelerator: Accelerator;
  readonly k3s: K3sFile;
  readonly release: PublisherRelease;
}

const run = promisify(execFile);
const maxK3s = 1024 * 1024 * 1024;
const cloudImage =
  "a cloud image of Debian or Ubuntu for amd64 that has bash-completion, ca-certificates, curl, libatomic1 and unattended-upgrades, raw or qcow2";
const otherK3s =
  "name the release's binary for amd64 (the file k3s of github.com/k3s-io/k3s/releases), not its installer";

/** Whether it begins as a program of Linux for amd64 does: ELF, 64 bits, little-endian, e_machine 62 (System V ABI). */
async function isProgram(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    if ((await handle.stat()).size > maxK3s || bytesRead < 20) return false;
    return (
      buffer.subarray(0, 6).equals(Buffer.from("\x7FELF\x02\x01", "latin1")) && buffer.readUInt16LE(18) === 62
    );
  } finally {
    await handle.close();
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** What a binary of k3s says that it is. A copy is asked: what was downloaded may not be run as it stands. */
async function versionOf(file: string): Promise<string | undefined> {
  const folder = await makeFolder(tmpdir(), "podtrust-k3s-");
  try {
    const copy = join(folder, "k3s");
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
    const handle = await open(copy);
    await handle.chmod(0o700);
    await handle.close();
    // k3s unpacks itself where it is first run.
    const env = { HOME: folder, K3S_DATA_DIR: folder, PATH: process.env["PATH"] };
    const { stdout } = await run(copy, ["--version"], { env, timeout: maxWait, maxBuffer: 65_536 });
    return /^k3s version (v\d[\w.+-]*)/mu.exec(stdout)?.[1];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readK3s(file: string): Promise<K3sFile | Lack> {
  try {
    if (!(await isProgram(file))) return { what: `${file} is no program of Linux for amd64`, next: otherK3s };
    const [version, sha256] = await Promise.all([versionOf(file), sha256Of(file)]);
    if (version !== undefined) return { file, version, sha256 };
    return { what: `${file} does not say which k3s it is`, next: otherK3s };
  } catch (error) {
    return { what: `${file} cannot be used as k3s: ${errorText(error)}`, next: otherK3s };
  }
}

/** Throws `publisher-release` where one of its bytes is not the one that was built. */
async function hasRelease({ folder, version }: PublisherRelease): Promise<boolean> {
  const found = (await findReleases(folder, version)).get("x64");
  if (found === undefined) return false;
  await readRelease(found);
  return true;
}

async function lackingRelease(release: PublisherRelease): Promise<readonly Lack[]> {
  const next =
    "run npm run release -- publisher-linux-x64 in a checkout of podtrust, and name the folder with --release FOLDER";
  try {
    if (await hasRelease(release)) return [];
    const what = `${release.folder} has no publisher of podtrust ${release.version} for x64`;
    return [{ what, next }];
  } catch (error) {
    return [{ what: errorText(error), next }];
  }
}

async function lackingSsh(): Promise<readonly Lack[]> {
  try {
    await run("ssh", ["-V"], { timeout: maxWait });
    return [];
  } catch {
    return [
      { what: "ssh is not in PATH", next: "install OpenSSH's client (Debian and Ubuntu: openssh-client)" },
    ];
  }
}

const isLack = (one: object): one is Lack => "what" in one;

/**
 * Looks at everything that a machine takes before anything is made. Throws `demo-boot-missing`, which lists all that is
 * lacking with what to do about each.
 */
export async function bootKit({ image, k3s, release }: BootFiles): Promise<BootKit> {
  const [programs, ssh, foundK3s, releases] = await Promise.all([
    lackingPrograms(),
    lackingSsh(),
    k3s === undefined
      ? { what: "no k3s is named", next: otherK3s.replace("name", "name with --k3s FILE") }
      : readK3s(k3s),
    lackingRelease(release),
  ]);
  const hasTools = !programs.some(({ what }) => what.startsWith("qemu-img"));
  const foundImage: BootImage | Lack | undefined =
    image === undefined
      ? { what: "no disk image is named", next: `name with --image FILE ${cloudImage}` }
      : hasTools
        ? await readBootImage(image)
        : undefined;
  const found = [foundImage, foundK3s].filter((one) => one !== undefined);
  const lacks = [...programs, ...ssh, ...found.filter(isLack), ...releases];
  if (lacks.length === 0 && foundImage !== undefined && !isLack(foundImage) && !isLack(foundK3s))
    return { image: foundImage, accelerator: await bestAccelerator(), k3s: foundK3s, release };
  const lines = lacks.map(({ what, next }) => `\n${what}; ${next}`);
  throw new MachineError(
    "demo-boot-missing",
    `npm run demo:machine lacks ${lacks.length === 1 ? "one thing" : `${lacks.length} things`}:${lines.join("")}`,
    { detail: { lacks } },
  );
}
