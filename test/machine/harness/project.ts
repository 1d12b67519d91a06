import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { type StandInClouds, startStandInClouds } from "../../../src/sandbox/index.ts";
import { makeMachine } from "../emulator/index.ts";
import { openRun, type Run } from "../../cluster/harness/run.ts";
import { buildImage, type MachineImage } from "../build.ts";
import { type Machine, type RoomOptions, roomOf } from "./machine.ts";
import { type Login, sshKey } from "./ssh.ts";

/** Stand-ins for the clouds, of which Hetzner's servers are machines that boot. */
export interface Project {
  readonly run: Run;
  readonly image: MachineImage;
  readonly clouds: StandInClouds;
  /** The machines of its servers by name, those that are deleted too. */
  readonly machines: ReadonlyMap<string, Machine>;
}

/** What the clouds have, and what their machines find. */
export interface ProjectOptions extends Pick<RoomOptions, "outside" | "vendorData"> {
  readonly zone: string;
}

/** Opens one, which ends with the test, or with the process when that comes first. */
export async function openProject(
  context: Pick<TestContext, "after">,
  { zone, ...options }: ProjectOptions,
): Promise<Project> {
  const run = openRun("machine");
  context.after(() => run.end());
  const image = await buildImage();
  const room = roomOf(run, image, options);
  const machines = new Map<string, Machine>();
  const clouds = await startStandInClouds({
    zones: [zone],
    mischief: 0,
    machines: (order) => {
      const machine = makeMachine(room, order);
      machines.set(order.name, machine);
      return machine;
    },
  });
  context.after(() => clouds.close());
  return { run, image, clouds, machines };
}

/** User data of a server that the test can log in to, with a host key that is known before it boots. */
export async function loginData(run: Run): Promise<{ userData: string; login: Omit<Login, "port"> }> {
  const host = await sshKey(run, "host-key");
  const own = await sshKey(run, "login-key");
  const indented = readFileSync(host.identity, "utf8").trim().replaceAll("\n", "\n    ");
  const userData = `#cloud-config
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
    ${indented}
  ed25519_public: ${host.publicKey}
ssh_pwauth: false
disable_root: true
users:
- name: k8s
  shell: /bin/bash
  sudo: ALL=(ALL) NOPASSWD:ALL
  ssh_authorized_keys:
  - ${own.publicKey}
`;
  return { userData, login: { user: "k8s", identity: own.identity, hostKey: host.publicKey } };
}
