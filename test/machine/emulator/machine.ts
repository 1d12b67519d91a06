import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../../../src/core/base/index.ts";
import { MachineError } from "../error.ts";
import type { MachineOrder, StandInMachine } from "../../../src/sandbox/index.ts";
import {
  type Accelerator,
  type Attachment,
  type BootImage,
  choosePorts,
  diskOf,
  type Emulator,
  type EmulatorSpec,
  overlay,
  startEmulator,
} from "./emulator.ts";

/** What all machines of a room have in common. */
export interface MachineRoom {
  /** In which each machine has a folder of its own. */
  readonly folder: string;
  readonly image: BootImage;
  /** Software alone by default. */
  readonly accelerator?: Accelerator;
  /** Services of this computer that the guest reaches, as `198.18.0.1:14000` by the port of 127.0.0.1. */
  readonly outside?: Readonly<Record<string, number>>;
  /** For cloud-init, beside what the user gave: Hetzner's own, of which there is none by default. */
  readonly vendorData?: string;
  /** Where on 127.0.0.1 a machine's ports shall be; any that are free, by default. */
  readonly ports?: EmulatorSpec["ports"];
  /** Puts something else on a machine's wire; what it gives back takes that away. */
  readonly attach?: (order: MachineOrder) => Promise<Attachment & { readonly detach: () => Promise<void> }>;
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

/** An emulated machine as it was made: what it is started with, and what takes away what was made for it. */
export interface MadeMachine {
  readonly spec: EmulatorSpec;
  readonly detach?: () => Promise<void>;
}

/** A machine that boots as a server of Hetzner does: SMBIOS, metadata address, cloud-init. Off at first. */
export class EmulatedMachine implements StandInMachine {
  readonly #made: Promise<MadeMachine>;
  #known: EmulatorSpec | undefined;
  #emulator: Emulator | undefined;

  constructor(made: Promise<MadeMachine>) {
    this.#made = made.then((one) => {
      this.#known = one.spec;
      return one;
    });
    // Whoever turns it on is told.
    this.#made.catch(() => {});
  }

  /** Where on 127.0.0.1 its ports are. */
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

  /** The last of its serial console, for who has waited in vain. */
  console(): string {
    return `${this.#emulator?.program.output() ?? ""}\n${this.#emulator?.console() ?? "(it was never on)"}`;
  }

  /** What it is started with. Throws what kept it from being made. */
  async spec(): Promise<EmulatorSpec> {
    return (await this.#made).spec;
  }

  /** Turns it on, this time with further arguments of the emulator. Throws `emulator-failed`. */
  async powerOn(more: readonly string[] = []): Promise<void> {
    if (this.isOn()) return;
    this.#emulator = await startEmulator(await this.spec(), more);
  }

  async powerOff(): Promise<void> {
    await this.#emulator?.program.kill();
  }

  /** Gives a command to the emulator's monitor. Throws `emulator-failed`. */
  async monitor(line: string): Promise<void> {
    if (!this.isOn()) throw new MachineError("emulator-failed", "the machine is off");
    await this.#emulator?.command(line);
  }

  shutdown(): Promise<void> {
    return this.monitor("system_powerdown");
  }

  reboot(): Promise<void> {
    return this.monitor("sendkey ctrl-alt-delete");
  }

  reset(): Promise<void> {
    return this.monitor("system_reset");
  }

  async remove(): Promise<void> {
    await this.powerOff();
    const made = await this.#made.catch(() => undefined);
    if (made === undefined) return;
    rmSync(made.spec.folder, { recursive: true, force: true });
    await made.detach?.();
  }
}

const nothingElse: Attachment = { addresses: [], netdevs: {} };

async function make(room: MachineRoom, order: MachineOrder): Promise<MadeMachine> {
  const folder = mkdtempSync(join(room.folder, `${order.name}-`));
  const mac = macOf(order.id);
  writeFileSync(join(folder, "metadata"), metadataOf(order, mac, room.vendorData ?? ""), { mode: 0o600 });
  writeFileSync(join(folder, "userdata"), order.userData, { mode: 0o600 });
  const attached = await room.attach?.(order);
  const spec: EmulatorSpec = {
    image: room.image,
    accelerator: room.accelerator ?? "tcg",
    folder,
    serial: String(order.id),
    ipv4: order.ipv4 ?? "203.0.113.77",
    mac,
    memory: 2048,
    ports: room.ports ?? (await choosePorts()),
    outside: room.outside ?? {},
    attachment: attached ?? nothingElse,
  };
  await overlay(diskOf(spec), room.image.disk, room.image.format);
  return { spec, ...defined({ detach: attached?.detach }) };
}

/** A machine for a server's order, off at first. */
export function makeMachine(room: MachineRoom, order: MachineOrder): EmulatedMachine {
  return new EmulatedMachine(make(room, order));
}
