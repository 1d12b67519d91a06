import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MachineOrder, ServerMachine } from "../../../src/sandbox/index.ts";
import type { Run } from "../../cluster/harness/run.ts";
import type { MachineImage } from "../build.ts";
import { choosePorts, diskOf, type Emulator, type EmulatorSpec, overlay, startEmulator } from "./emulator.ts";
import { closeTap, hasOwnNetwork, openTap, whyNoIpv6 } from "./tap.ts";

/** A machine in software emulation that boots as a server of Hetzner does: SMBIOS, metadata address, cloud-init. */
export interface Machine extends ServerMachine {
  /** Where on 127.0.0.1 its ports are. */
  readonly ports: EmulatorSpec["ports"];
  /** The last of its serial console, for who has waited in vain. */
  readonly console: () => string;
  readonly pid: () => number | undefined;
  /** Writes its memory into a file and ends it; with its disk, `restoreMachine` brings it back any number of times. */
  readonly save: (memory: string) => Promise<SavedMachine>;
}

/** A machine whose time stands still. */
export interface SavedMachine {
  readonly memory: string;
  readonly spec: EmulatorSpec;
}

/** What all machines of a run have in common. */
export interface MachineRoom {
  readonly run: Run;
  readonly image: MachineImage;
  /** Services of this machine that the guest reaches, as `198.18.0.1:14000` by the port here. */
  readonly outside?: Readonly<Record<string, number>>;
  /** For cloud-init, beside what the user gave: Hetzner's own, of which there is none unless told. */
  readonly vendorData?: string;
  /** Where on 127.0.0.1 the machine's ports shall be; any that are free, unless told. */
  readonly ports?: EmulatorSpec["ports"];
}

/**
 * Gives this machine's loopback an address, unless it has it. Who connects to it comes from 127.0.0.1, which the emulator
 * shows the machine as another's: from the machine's own address it would not take anything.
 */
async function addAddress(address: string): Promise<void> {
  const ip = promisify(execFile);
  await ip("ip", ["address", "replace", `${address}/32`, "dev", "lo"]);
  await ip("ip", `route replace local ${address} dev lo table local src 127.0.0.1`.split(" "));
}

/** As the metadata service writes it (cloud-init, DataSourceHetzner): both addresses, the second as `::1` of its network. */
function metadataOf(order: MachineOrder, mac: string, vendorData: string): string {
  const subnets = [
    { type: "dhcp", ipv4: true },
    ...(order.ipv6 === undefined
      ? []
      : [{ type: "static", ipv6: true, address: order.ipv6.replace("::/", "::1/"), gateway: "fe80::1" }]),
  ];
  // JSON is YAML.
  return JSON.stringify({
    "instance-id": order.id,
    hostname: order.name,
    "public-ipv4": order.ipv4 ?? "",
    "local-ipv4": "",
    region: "eu-central",
    "availability-zone": order.location,
    "public-keys": order.sshKeys,
    "network-config": {
      version: 1,
      config: [{ type: "physical", name: "eth0", mac_address: mac, subnets }],
    },
    "network-sysconfig": "",
    vendor_data: vendorData,
  });
}

const macOf = (id: number): string =>
  `96:00${id.toString(16).padStart(8, "0").slice(-8).replaceAll(/../gu, ":$&")}`;

class EmulatedMachine implements Machine {
  readonly #room: MachineRoom;
  readonly #spec: Promise<EmulatorSpec>;
  #known: EmulatorSpec | undefined;
  #emulator: Emulator | undefined;

  constructor(room: MachineRoom, spec: Promise<EmulatorSpec>) {
    this.#room = room;
    this.#spec = spec.then((known) => (this.#known = known));
    // Whoever turns it on is told.
    this.#spec.catch(() => {});
  }

  get ports(): EmulatorSpec["ports"] {
    if (this.#known === undefined) throw new TypeError("the machine has not been on yet");
    return this.#known.ports;
  }

  isOn(): boolean {
    return this.#emulator !== undefined && this.#emulator.program.ended() === undefined;
  }

  pid(): number | undefined {
    return this.#emulator?.program.pid;
  }

  console(): string {
    return `${this.#emulator?.program.output() ?? ""}\n${this.#emulator?.console() ?? "(it was never on)"}`;
  }

  async powerOn(memory?: string): Promise<void> {
    if (this.isOn()) return;
    this.#emulator = await startEmulator(this.#room.run, await this.#spec, memory);
  }

  async powerOff(): Promise<void> {
    await this.#emulator?.program.stop(0);
  }

  async #tell(line: string, timeoutMs?: number): Promise<void> {
    if (!this.isOn()) throw new Error("the machine is off");
    await this.#emulator?.command(line, timeoutMs);
  }

  shutdown(): Promise<void> {
    return this.#tell("system_powerdown");
  }

  reboot(): Promise<void> {
    return this.#tell("sendkey ctrl-alt-delete");
  }

  reset(): Promise<void> {
    return this.#tell("system_reset");
  }

  async remove(): Promise<void> {
    await this.powerOff();
    if (this.#known === undefined) return;
    const { folder, tap } = this.#known;
    rmSync(folder, { recursive: true, force: true });
    if (tap !== undefined) await closeTap(tap);
  }

  async save(memory: string): Promise<SavedMachine> {
    await this.#tell(`migrate "exec:cat > ${memory}"`, 120_000);
    await this.powerOff();
    return { memory, spec: await this.#spec };
  }
}

async function newSpec(room: MachineRoom, order: MachineOrder): Promise<EmulatorSpec> {
  const folder = mkdtempSync(join(room.run.folder, `${order.name}-`));
  const mac = macOf(order.id);
  writeFileSync(join(folder, "metadata"), metadataOf(order, mac, room.vendorData ?? ""));
  writeFileSync(join(folder, "userdata"), order.userData);
  const spec = {
    image: room.image,
    folder,
    serial: String(order.id),
    ipv4: order.ipv4 ?? "203.0.113.77",
    mac,
    memory: 2048,
    ports: room.ports ?? (await choosePorts()),
    atOwnAddress: hasOwnNetwork() && order.ipv4 !== undefined,
    tap: order.ipv6 === undefined || whyNoIpv6() !== undefined ? undefined : `machine${order.id}`,
    outside: room.outside ?? {},
  };
  if (spec.atOwnAddress) await addAddress(spec.ipv4);
  if (spec.tap !== undefined && order.ipv6 !== undefined) await openTap(spec.tap, order.ipv6);
  await overlay(diskOf(spec), room.image.disk, "raw");
  return spec;
}

/** A machine for a server's order, off at first. */
export function makeMachine(room: MachineRoom, order: MachineOrder): Machine {
  return new EmulatedMachine(room, newSpec(room, order));
}

async function specFrom(room: MachineRoom, { spec }: SavedMachine): Promise<EmulatorSpec> {
  const folder = join(room.run.folder, `restored-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder);
  const restored = {
    ...spec,
    folder,
    tap: undefined,
    ports: room.ports ?? (await choosePorts()),
    outside: room.outside ?? spec.outside,
  };
  await overlay(diskOf(restored), diskOf(spec), "qcow2");
  return restored;
}

/**
 * A machine that goes on where the saved one stopped, on a disk of its own and on other ports. Its clock is as late
 * as it was away, until something sets it (`hwclock -s`).
 */
export async function restoreMachine(room: MachineRoom, saved: SavedMachine): Promise<Machine> {
  const machine = new EmulatedMachine(room, specFrom(room, saved));
  await machine.powerOn(saved.memory);
  return machine;
}
