import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { type StandInHetzner, startStandInHetzner } from "../../../src/sandbox/index.ts";
import { openRun, type Run } from "../../cluster/harness/run.ts";
import { buildImage } from "../build.ts";
import { type Machine, type MachineRoom, makeMachine } from "./machine.ts";
import { type Login, sshKey } from "./ssh.ts";

/** A stand-in for Hetzner whose servers are machines that boot. */
export interface Project {
  readonly run: Run;
  readonly room: MachineRoom;
  readonly hetzner: StandInHetzner;
  /** The machines of its servers by name, those that are deleted too. */
  readonly machines: ReadonlyMap<string, Machine>;
  readonly ask: <T>(method: string, path: string, body?: object) => Promise<T>;
}

/** Opens one, which ends with the test, or with the process when that comes first. */
export async function openProject(
  context: Pick<TestContext, "after">,
  outside: MachineRoom["outside"] = {},
): Promise<Project> {
  const run = openRun("machine");
  context.after(() => run.end());
  const room: MachineRoom = { run, image: await buildImage(), outside };
  const machines = new Map<string, Machine>();
  const hetzner = await startStandInHetzner({
    mischief: "off",
    delays: { action: 200, firewall: 200, release: 200 },
    machines: (order) => {
      const machine = makeMachine(room, order);
      machines.set(order.name, machine);
      return machine;
    },
  });
  context.after(() => hetzner.close());
  return {
    run,
    room,
    hetzner,
    machines,
    async ask<T>(method: string, path: string, body?: object) {
      const response = await fetch(`${hetzner.url}/${path}`, {
        method,
        headers: { authorization: `Bearer ${hetzner.tokens.readWrite}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text === "" ? "{}" : text) as T;
    },
  };
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
