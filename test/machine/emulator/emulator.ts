import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { extname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shellWord } from "../../../src/core/base/index.ts";
import { MachineError } from "../error.ts";
import { until } from "../../support/until.ts";
import { maxWait } from "../max-wait.ts";
import { type Guarded, startGuarded } from "./guarded.ts";
import { command } from "./monitor.ts";

const run = promisify(execFile);

/** Ports of the machine that are reached from outside. */
const guestPorts = [22, 80, 443, 6443] as const;
export type GuestPort = (typeof guestPorts)[number];

/** A disk that a machine boots from, by its boot sector. Nothing is ever written to it. */
export interface BootImage {
  readonly disk: string;
  readonly format: "raw" | "qcow2";
}

/** What runs its processors: the kernel's own virtual machines, or software alone. */
export type Accelerator = "kvm" | "tcg";

/** What else stands on a machine's wire, where whoever runs it may do more than an ordinary user may. */
export interface Attachment {
  /** Addresses of this computer at which the machine's ports are, beside those of 127.0.0.1. */
  readonly addresses: readonly string[];
  /** Back ends as `-netdev` takes them, by their id. */
  readonly netdevs: Readonly<Record<string, string>>;
}

/** What an emulator is started with, and started again with. */
export interface EmulatorSpec {
  readonly image: BootImage;
  readonly accelerator: Accelerator;
  /** Of the machine's own: its disk, its metadata, its monitor and its console. */
  readonly folder: string;
  /** Serial number of the machine, by which cloud-init knows that its metadata are its own. */
  readonly serial: string;
  readonly ipv4: string;
  readonly mac: string;
  /** MiB. */
  readonly memory: number;
  /** Where on 127.0.0.1 the machine's ports are. */
  readonly ports: Readonly<Record<GuestPort, number>>;
  /** Services of this computer that the guest reaches, as `198.18.0.1:14000` by the port of 127.0.0.1. */
  readonly outside: Readonly<Record<string, number>>;
  readonly attachment: Attachment;
}

export const diskOf = ({ folder }: Pick<EmulatorSpec, "folder">): string => join(folder, "disk.qcow2");
const monitorOf = ({ folder }: EmulatorSpec): string => join(folder, "monitor");
const consoleOf = ({ folder }: EmulatorSpec): string => join(folder, "console.log");

/** Free ports for what of a machine is reached. Until it is started another process may still take one. */
export async function choosePorts(): Promise<EmulatorSpec["ports"]> {
  const servers = guestPorts.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const free = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return Object.fromEntries(guestPorts.map((port, index) => [port, free[index]])) as EmulatorSpec["ports"];
}

/** A disk of which only the differences to another are kept. */
export async function overlay(disk: string, below: string, format: BootImage["format"]): Promise<void> {
  await run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", below, "-F", format, disk]);
}

/** A comma in an argument of QEMU's is written twice. */
const quoted = (text: string): string => text.replaceAll(",", ",,");

/** A program of this folder, as the emulator starts it for one connection of the guest. */
function programOf(name: string, argument: string | number): string {
  const here = fileURLToPath(import.meta.url);
  const file = fileURLToPath(new URL(`${name}${extname(here)}`, import.meta.url));
  return quoted(`cmd:${[process.execPath, file, String(argument)].map(shellWord).join(" ")}`);
}

/**
 * The network of a machine: alone, with the address of its server. Nothing goes out but to what is named here, and
 * in come only the forwarded ports of 127.0.0.1. Half of all IPv4 addresses are its neighbours, so that the metadata
 * at 169.254.169.254 are one too.
 */
function network(spec: EmulatorSpec): string {
  const addresses = spec.attachment.addresses;
  return [
    "user,id=ipv4,restrict=on,ipv6=off,net=128.0.0.0/128.0.0.0,host=172.31.1.1,dns=185.12.64.2",
    `dhcpstart=${spec.ipv4}`,
    ...guestPorts.map((port) => `hostfwd=tcp:127.0.0.1:${spec.ports[port]}-:${port}`),
    ...addresses.flatMap((address) => guestPorts.map((port) => `hostfwd=tcp:${address}:${port}-:${port}`)),
    `guestfwd=tcp:169.254.169.254:80-${programOf("metadata", spec.folder)}`,
    ...Object.entries(spec.outside).map(
      ([guest, port]) => `guestfwd=tcp:${guest}-${programOf("pipe", port)}`,
    ),
  ].join(",");
}

/** What stands on the wire behind the machine's one card. */
function wire(spec: EmulatorSpec): readonly string[] {
  const { netdevs } = spec.attachment;
  const hub = ["ipv4", ...Object.keys(netdevs)].map((id) => `hubport,id=to-${id},hubid=0,netdev=${id}`);
  return [network(spec), ...Object.values(netdevs), ...hub, "hubport,id=net,hubid=0"].flatMap((netdev) => [
    "-netdev",
    netdev,
  ]);
}

function argsOf(spec: EmulatorSpec): readonly string[] {
  return [
    ["-nodefaults"],
    ["-accel", spec.accelerator === "kvm" ? "kvm" : "tcg,thread=multi"],
    ["-cpu", "max", "-smp", "2", "-m", String(spec.memory)],
    ["-smbios", `type=1,manufacturer=Hetzner,product=vServer,serial=${spec.serial}`],
    ["-drive", `file=${quoted(diskOf(spec))},if=virtio,format=qcow2,cache=unsafe`],
    wire(spec),
    ["-device", `virtio-net-pci,netdev=net,romfile=,mac=${spec.mac}`],
    ["-device", "virtio-rng-pci"],
    // Boot loaders of cloud images expect one.
    ["-vga", "std"],
    ["-display", "none", "-serial", `file:${consoleOf(spec)}`],
    ["-monitor", `unix:${quoted(monitorOf(spec))},server=on,wait=off`],
  ].flat();
}

/** A started emulator. */
export interface Emulator {
  readonly program: Guarded;
  /** Gives a command to its monitor. Throws `emulator-failed`. */
  readonly command: (line: string) => Promise<string>;
  /** The last of what the machine wrote on its serial console. */
  readonly console: () => string;
}

/** Waits for its monitor: an emulator that has something against its arguments ends before it has one. */
async function untilAnswering(program: Guarded, spec: EmulatorSpec): Promise<void> {
  const answers = (): Promise<boolean> =>
    command(monitorOf(spec), "info version").then(
      () => true,
      (error: unknown) => {
        if (program.ended() !== undefined) throw error;
        return false;
      },
    );
  try {
    await until("QEMU's monitor answers", answers, { withinMs: maxWait });
  } catch (cause) {
    const how = program.ended();
    const what = how === undefined ? "does not answer" : `ended with ${how}`;
    const said = program.output().trim();
    await program.kill();
    throw new MachineError("emulator-failed", `QEMU ${what}${said === "" ? "" : `: ${said}`}`, { cause });
  }
}

/**
 * Starts an emulator, this time with further arguments. It ends with this process, however that ends. Throws
 * `emulator-failed` with what it says.
 */
export async function startEmulator(spec: EmulatorSpec, more: readonly string[] = []): Promise<Emulator> {
  rmSync(monitorOf(spec), { force: true });
  const started = await startGuarded(spec.folder, ["qemu-system-x86_64", ...argsOf(spec), ...more]);
  await untilAnswering(started, spec);
  return {
    program: started,
    command: (line) => command(monitorOf(spec), line),
    console: () => {
      try {
        return readFileSync(consoleOf(spec), "latin1").slice(-4000);
      } catch {
        return "(the machine has written nothing yet)";
      }
    },
  };
}
