import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "../../cluster/harness/ports.ts";
import type { Program, Run } from "../../cluster/harness/run.ts";
import type { MachineImage } from "../build.ts";
import { command } from "./monitor.ts";

const run = promisify(execFile);

/** Ports of the machine that are reached from outside. */
export const guestPorts = [22, 80, 443, 6443] as const;
export type GuestPort = (typeof guestPorts)[number];

/** What an emulator is started with, and started again with. */
export interface EmulatorSpec {
  readonly image: MachineImage;
  /** Of the machine's own: its disk, its metadata, its monitor and its console. */
  readonly folder: string;
  /** Serial number of the machine, by which cloud-init knows that its metadata are its own. */
  readonly serial: string;
  readonly ipv4: string;
  readonly mac: string;
  /** MiB. */
  readonly memory: number;
  /** Whether its ports are at its own address too, which takes a network of the test's own. */
  readonly atOwnAddress: boolean;
  /** The device by which its IPv6 address is reached, where it is. */
  readonly tap: string | undefined;
  /** Where on 127.0.0.1 the machine's ports are. */
  readonly ports: Readonly<Record<GuestPort, number>>;
  /** Services of this machine that the guest reaches, as `198.18.0.1:14000` by the port here. */
  readonly outside: Readonly<Record<string, number>>;
}

export const diskOf = ({ folder }: Pick<EmulatorSpec, "folder">): string => join(folder, "disk.qcow2");
const monitorOf = ({ folder }: EmulatorSpec): string => join(folder, "monitor");
const consoleOf = ({ folder }: EmulatorSpec): string => join(folder, "console.log");

/** Free ports for what of a machine is reached. */
export async function choosePorts(): Promise<EmulatorSpec["ports"]> {
  const free = await freePorts(guestPorts.length);
  return Object.fromEntries(guestPorts.map((port, index) => [port, free[index]])) as EmulatorSpec["ports"];
}

/** A disk of which only the differences to another are kept. */
export async function overlay(disk: string, below: string, format: "raw" | "qcow2"): Promise<void> {
  await run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", below, "-F", format, disk]);
}

/**
 * The network of a machine: alone, with the address of its server. Nothing goes out but to what is named here, and
 * in come only the forwarded ports of 127.0.0.1. Half of all IPv4 addresses are its neighbours, so that the metadata
 * at 169.254.169.254 are one too.
 */
function network(spec: EmulatorSpec): string {
  const here = fileURLToPath(new URL(".", import.meta.url));
  // A comma in an argument of QEMU's is written twice.
  const program = (file: string, argument: string | number): string =>
    `${process.execPath} ${join(here, file)} ${argument}`.replaceAll(",", ",,");
  return [
    "user,id=ipv4,restrict=on,ipv6=off,net=128.0.0.0/128.0.0.0,host=172.31.1.1,dns=185.12.64.2",
    `dhcpstart=${spec.ipv4}`,
    ...guestPorts.map((port) => `hostfwd=tcp:127.0.0.1:${spec.ports[port]}-:${port}`),
    ...(spec.atOwnAddress ? guestPorts.map((port) => `hostfwd=tcp:${spec.ipv4}:${port}-:${port}`) : []),
    `guestfwd=tcp:169.254.169.254:80-cmd:${program("metadata.ts", spec.folder)}`,
    ...Object.entries(spec.outside).map(
      ([guest, port]) => `guestfwd=tcp:${guest}-cmd:${program("pipe.ts", port)}`,
    ),
  ].join(",");
}

/** What stands on the wire behind the machine's one card: its own network, and this machine for IPv6. */
function wire(spec: EmulatorSpec): readonly string[] {
  const tap = spec.tap === undefined ? [] : [`tap,id=ipv6,ifname=${spec.tap},script=no,downscript=no`];
  const ports = ["ipv4", ...(spec.tap === undefined ? [] : ["ipv6"])];
  const hub = ports.map((netdev) => `hubport,id=to-${netdev},hubid=0,netdev=${netdev}`);
  return [network(spec), ...tap, ...hub, "hubport,id=net,hubid=0"].flatMap((netdev) => ["-netdev", netdev]);
}

function argsOf(spec: EmulatorSpec): readonly string[] {
  const { image } = spec;
  return [
    ["-nodefaults"],
    // /dev/kvm may stand there and still not work.
    ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", String(spec.memory)],
    ["-kernel", image.kernel, "-initrd", image.initrd],
    ["-append", "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off"],
    ["-smbios", `type=1,manufacturer=Hetzner,product=vServer,serial=${spec.serial}`],
    ["-drive", `file=${diskOf(spec)},if=virtio,format=qcow2,cache=unsafe`],
    ["-drive", `file=${image.programs},if=virtio,format=raw,readonly=on`],
    wire(spec),
    ["-device", `virtio-net-pci,netdev=net,romfile=,mac=${spec.mac}`],
    ["-device", "virtio-rng-pci"],
    ["-display", "none", "-serial", `file:${consoleOf(spec)}`],
    ["-monitor", `unix:${monitorOf(spec)},server=on,wait=off`],
  ].flat();
}

/** A started emulator. */
export interface Emulator {
  readonly program: Program;
  readonly command: (line: string, timeoutMs?: number) => Promise<string>;
  /** The last of what the machine wrote on its serial console. */
  readonly console: () => string;
}

/** Starts an emulator, from its disk or from saved memory. It is ended with the run, whatever becomes of the test. */
export async function startEmulator(started: Run, spec: EmulatorSpec, memory?: string): Promise<Emulator> {
  rmSync(monitorOf(spec), { force: true });
  const program = await started.start({
    name: `machine-${spec.serial}`,
    command: "qemu-system-x86_64",
    args: [...argsOf(spec), ...(memory === undefined ? [] : ["-incoming", `exec:cat ${memory}`])],
    env: { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" },
  });
  return {
    program,
    command: (line, timeoutMs) => command(monitorOf(spec), line, timeoutMs),
    console: () => {
      try {
        return readFileSync(consoleOf(spec), "latin1").slice(-4000);
      } catch {
        return "(the machine has written nothing yet)";
      }
    },
  };
}
