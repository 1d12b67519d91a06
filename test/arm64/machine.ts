import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../cluster/harness/run.ts";
import { startGuarded } from "../machine/emulator/guarded.ts";
import { choosePorts, diskOf, overlay } from "../machine/emulator/index.ts";
import type { Login } from "../machine/harness/index.ts";
import type { Arm64Image } from "./build.ts";

/** A machine of arm64 that is on. */
export interface Arm64Machine {
  readonly login: Login;
  /** Where on 127.0.0.1 its HTTPS is. */
  readonly httpsPort: number;
  readonly isOn: () => boolean;
  /** The last of its serial console, for who has waited in vain. */
  readonly console: () => string;
  readonly powerOff: () => Promise<void>;
}

/**
 * Boots the image's kernel, on a disk of its own above the image's. QEMU emulates the processors: Cortex-A72, which
 * clouds' arm64 servers are no older than. Nothing goes out of the machine but by ssh. It ends with this process.
 */
export async function bootArm64(run: Run, image: Arm64Image): Promise<Arm64Machine> {
  const folder = mkdtempSync(join(run.folder, "arm64-"));
  const log = join(folder, "console.log");
  const { 22: port, 443: httpsPort } = await choosePorts();
  await overlay(diskOf({ folder }), image.disk, "raw");
  const ways = [`hostfwd=tcp:127.0.0.1:${port}-:22`, `hostfwd=tcp:127.0.0.1:${httpsPort}-:443`];
  const args = [
    ["-nodefaults", "-display", "none", "-serial", `file:${log}`, "-no-reboot"],
    ["-machine", "virt", "-accel", "tcg,thread=multi", "-cpu", "cortex-a72", "-smp", "2", "-m", "2048"],
    ["-kernel", image.kernel],
    ["-append", "console=ttyAMA0 root=/dev/nvme0n1 rw net.ifnames=0 panic=-1"],
    ["-drive", `file=${diskOf({ folder })},if=none,id=disk,format=qcow2,cache=unsafe`],
    ["-device", "nvme,drive=disk,serial=disk"],
    ["-netdev", `user,id=net,restrict=on,ipv6=off,${ways.join(",")}`],
    ["-device", "virtio-net-pci,netdev=net,romfile="],
    ["-device", "virtio-rng-pci"],
  ];
  const emulator = await startGuarded(folder, ["qemu-system-aarch64", ...args.flat()]);
  return {
    login: { port, user: "root", identity: image.identity, hostKey: image.hostKey },
    httpsPort,
    isOn: () => emulator.ended() === undefined,
    console: () => `${emulator.output()}\n${readFileSync(log, "latin1").slice(-4000)}`,
    powerOff: emulator.kill,
  };
}
