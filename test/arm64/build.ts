/** Makes what the arm64 machine boots, once per content, into .cache/arm64/. */
import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { find, hashOf, makeOnce, mirrors, runToEnd } from "../machine/build.ts";

const script = join(import.meta.dirname, "disk.sh");
/** From a slow mirror on a busy machine; half a minute was measured beside other work. */
const diskTimeoutMs = 900_000;

/** A kernel, its disk, and the keys by which one logs in. */
export interface Arm64Image {
  readonly kernel: string;
  readonly disk: string;
  /** Path of root's private key. */
  readonly identity: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
}

const packages: Readonly<Record<string, string>> = {
  "qemu-system-aarch64": "qemu-system-arm",
  "qemu-img": "qemu-utils",
  "qemu-aarch64-static": "qemu-user-static",
  debootstrap: "debootstrap",
  "dpkg-deb": "dpkg",
  "systemd-sysusers": "systemd",
  "mkfs.ext4": "e2fsprogs",
  ssh: "openssh-client",
};

/** Why no arm64 machine can be booted here, or undefined. */
export function whyNoArm64(): string | undefined {
  const missing = Object.keys(packages).filter((program) => !find(program));
  if (missing.length > 0) {
    const names = missing.map((program) => packages[program]).join(" ");
    return `${missing.join(", ")} not found (Debian: apt-get install --no-install-recommends ${names})`;
  }
  return process.getuid?.() === 0 ? undefined : "the machine's disk is made by root alone (debootstrap)";
}

/** The paths of all that the machine boots from, made first where it is not in the cache yet. */
export async function buildArm64Image(): Promise<Arm64Image> {
  const cache = join(import.meta.dirname, "..", "..", ".cache", "arm64");
  mkdirSync(cache, { recursive: true });
  // Resolved, since disks name one another by their paths.
  const image = join(realpathSync(cache), `debian-12-${hashOf(readFileSync(script))}`);
  if (!existsSync(image)) console.log("making the arm64 machine's disk (half a minute)");
  await makeOnce(image, (aside) => runToEnd(script, [aside, mirrors().main], diskTimeoutMs));
  return {
    kernel: join(image, "vmlinuz"),
    disk: join(image, "disk.raw"),
    identity: join(image, "login"),
    hostKey: readFileSync(join(image, "ssh_host_ed25519_key.pub"), "utf8").split(" ").slice(0, 2).join(" "),
  };
}
