import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import {
  choosePorts,
  diskOf,
  EmulatedMachine,
  type EmulatorSpec,
  type MachineRoom as SandboxRoom,
  overlay,
} from "../emulator/index.ts";
import type { Run } from "../../cluster/harness/run.ts";
import type { MachineImage } from "../build.ts";
import { attach } from "./tap.ts";

export type Machine = EmulatedMachine;

/** What the machines of a run have in common. */
export type RoomOptions = Pick<SandboxRoom, "outside" | "vendorData" | "ports">;

/** Where a run's machines are made: what they boot from, and what they find. */
export function roomOf(run: Run, image: MachineImage, options: RoomOptions = {}): SandboxRoom {
  return { folder: run.folder, image: image.boot, attach, ...options };
}

/** A machine whose time stands still. */
export interface SavedMachine {
  readonly memory: string;
  readonly spec: EmulatorSpec;
}

/** Writes a machine's memory into a file and ends it; with its disk, `restoreMachine` brings it back any number of times. */
export async function saveMemory(machine: Machine, memory: string): Promise<SavedMachine> {
  await machine.monitor(`migrate "exec:cat > ${memory}"`);
  await machine.powerOff();
  return { memory, spec: await machine.spec() };
}

async function specFrom(
  { folder }: Run,
  { spec }: SavedMachine,
  options: RoomOptions,
): Promise<EmulatorSpec> {
  const restored: EmulatorSpec = {
    ...spec,
    folder: mkdtempSync(join(folder, "restored-")),
    attachment: { addresses: [], netdevs: {} },
    ports: options.ports ?? (await choosePorts()),
    outside: options.outside ?? spec.outside,
  };
  await overlay(diskOf(restored), diskOf(spec), "qcow2");
  return restored;
}

/**
 * A machine that goes on where the saved one stopped, on a disk of its own and on other ports. Its clock is as late
 * as it was away, until something sets it (`hwclock -s`).
 */
export async function restoreMachine(
  run: Run,
  saved: SavedMachine,
  options: RoomOptions = {},
): Promise<Machine> {
  const machine = new EmulatedMachine(specFrom(run, saved, options).then((spec) => ({ spec })));
  await machine.powerOn(["-incoming", `exec:cat ${saved.memory}`]);
  return machine;
}
