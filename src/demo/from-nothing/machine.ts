import { join } from "node:path";
import { type Clock, PodtrustError } from "../../base/index.ts";
import { type Config, parseConfig } from "../../config/index.ts";
import type { ApplyEvent } from "../../plan/index.ts";
import type { StandInClouds } from "../../sandbox/index.ts";
import { openStack, type Outputs, outputsOf, settleIssuer } from "../../stack/index.ts";
import type { OnEvent } from "../report.ts";

/** The guide's stack, as one config: a machine, a name in a zone, and what comes of both. */
const configText = `stack: k3s-cluster
issuer: {zone: podtrust.example}
dns: cloudflare
machine:
  hetzner: {type: cax11, location: nbg1, sshFrom: [203.0.113.0/24]}
`;

/** What the machine's part of the story works with. */
export interface MachineStory {
  readonly config: Config;
  /** Step 1: addresses, and the name that leads to them. */
  makeName(): Promise<void>;
  /** Step 2: the machine, with its firewall from the first moment. */
  makeMachine(): Promise<void>;
  /** Addresses and names of what stands. */
  outputs(): Promise<Outputs>;
  /** Deletes all of it; gives how many things went. */
  down(): Promise<number>;
}

export interface MachineStoryOptions {
  readonly clouds: StandInClouds;
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
}

/** Tells what happens while a plan is applied: what was made, and each reason to wait once. */
function telling({ onEvent, clock }: MachineStoryOptions): (event: ApplyEvent) => void {
  const told = new Set<string>();
  return (event) => {
    if (event.type === "done") {
      const { id } = event.change.resource;
      onEvent({ kind: "step", text: `${id} ${event.change.kind === "delete" ? "deleted" : "created"}` });
    }
    if (event.type !== "waiting") return;
    const reason = event.reason.replace(/ at \d+ %$/u, "");
    if (told.has(reason)) return;
    told.add(reason);
    const seconds = Math.ceil((event.deadline - clock.now()) / 1000);
    onEvent({ kind: "waiting", reason, seconds });
  };
}

/** Opens the guide's stack on the stand-ins for both clouds, its name chosen. */
export async function openMachineStory(options: MachineStoryOptions): Promise<MachineStory> {
  const { clouds, folder, clock, signal } = options;
  const env = { ...clouds.environment, HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  const config = await parseConfig(configText, join(folder, "podtrust.yaml"), env, (unnamed) =>
    settleIssuer({ config: unnamed, env, clock }, "choose", signal),
  );
  const { host } = new URL(config.issuer);
  const name = [
    "hetzner/primary-ip/k3s-cluster-ipv4",
    "hetzner/primary-ip/k3s-cluster-ipv6",
    `dns/${host}/A`,
    `dns/${host}/AAAA`,
  ];
  const machine = [
    "hetzner/ssh-key/k3s-cluster",
    "hetzner/firewall/k3s-cluster",
    "hetzner/server/k3s-cluster",
  ];
  // What would be set up on the machine is left out: nothing boots there.
  const all = [...name, ...machine];
  const run = async (only: readonly string[], goal: "present" | "absent"): Promise<number> => {
    const stack = await openStack({ config, env, clock, signal, select: { only } });
    try {
      const { failed, done } = await stack.apply(await stack.plan({ goal }), { onEvent: telling(options) });
      if (failed[0] !== undefined) throw failed[0].error;
      return done.length;
    } finally {
      stack.close();
    }
  };
  return {
    config,
    async makeName() {
      await run(name, "present");
    },
    async makeMachine() {
      await run(machine, "present");
    },
    async outputs() {
      const stack = await openStack({ config, env, clock, signal, select: { only: machine } });
      try {
        return outputsOf(config, await stack.outputs());
      } finally {
        stack.close();
      }
    },
    async down() {
      const gone = await run(all, "absent");
      const { servers, firewalls, primaryIps, sshKeys } = clouds.hetzner.contents();
      const left = [
        servers,
        firewalls,
        primaryIps,
        sshKeys,
        clouds.cloudflare.records("podtrust.example"),
      ].flat();
      if (left.length === 0) return gone;
      throw new PodtrustError("demo-link-broken", `${left.length} things are left in the clouds after down`);
    },
  };
}
