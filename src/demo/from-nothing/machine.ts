import { join } from "node:path";
import { type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, parseConfig } from "../../config/index.ts";
import type { ApplyEvent } from "../../rules/plan/index.ts";
import type { StandInClouds } from "../../sandbox/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import {
  type Machine,
  openMachine,
  openStack,
  type Outputs,
  outputsOf,
  type PublisherRelease,
  settleIssuer,
} from "../../stack/index.ts";
import type { OnEvent } from "../report.ts";

/** The guide's stack, as one config: a machine, a name in a zone, and what comes of both. */
export const guideConfig = `stack: k3s-cluster
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
  /** Step 2: the machine, with its firewall from the first moment; where it boots, its first login and its upgrade too. */
  makeMachine(): Promise<void>;
  /** Step 3, where it boots: k3s. */
  bootstrap(): Promise<void>;
  /** Step 4, where it boots: the publisher, with its account and its certificate, and who else may get one: nobody. */
  publish(): Promise<void>;
  /** The connection to a machine that booted. */
  openMachine(): Promise<Machine>;
  /** Addresses and names of what stands. */
  outputs(): Promise<Outputs>;
  /** Deletes all of it; gives how many things went. */
  down(): Promise<number>;
}

/** What it takes to set up a machine that boots. */
interface Booting {
  /** Leads to the machine. */
  readonly route: IssuerRoute;
  readonly release: PublisherRelease;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface MachineStoryOptions {
  readonly configText: string;
  /** Absent: nothing boots, and nothing is set up. */
  readonly boots?: Booting;
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
    const seconds = Math.ceil((event.deadline - clock.elapsed()) / 1000);
    onEvent({ kind: "waiting", reason, seconds });
  };
}

/** Ids of the stack's resources, step by step. */
function stepsOf({ issuer, stack }: Config, boots: boolean): Readonly<Record<Step, readonly string[]>> {
  const { host } = new URL(issuer);
  const onMachine = (...names: readonly string[]): readonly string[] =>
    boots ? names.map((name) => `host/${stack}/${name}`) : [];
  return {
    name: [
      `hetzner/primary-ip/${stack}-ipv4`,
      `hetzner/primary-ip/${stack}-ipv6`,
      `dns/${host}/A`,
      `dns/${host}/AAAA`,
    ],
    machine: [`hetzner/ssh-key/${stack}`, `hetzner/firewall/${stack}`, `hetzner/server/${stack}`],
    system: onMachine("system"),
    k3s: onMachine("k3s"),
    publisher: onMachine("accounts", "publisher"),
    caa: boots ? [`dns/${host}/CAA`] : [],
  };
}

type Step = "name" | "machine" | "system" | "k3s" | "publisher" | "caa";

function environmentOf({ clouds, folder, boots }: MachineStoryOptions): Readonly<Record<string, string>> {
  // Nothing of the person's own keys and agents: the machine gets a login key of the demo's.
  const { PATH, TMPDIR } = boots?.env ?? {};
  return {
    ...clouds.environment,
    HOME: folder,
    XDG_STATE_HOME: join(folder, "state"),
    ...defined({ PATH, TMPDIR }),
  };
}

/** What is left of the stack in the clouds. */
function leftIn({ hetzner, cloudflare }: StandInClouds): readonly object[] {
  const { servers, firewalls, primaryIps, sshKeys } = hetzner.contents();
  return [servers, firewalls, primaryIps, sshKeys, cloudflare.records("podtrust.example")].flat();
}

/** Opens the guide's stack on the stand-ins for both clouds, its name chosen. */
export async function openMachineStory(options: MachineStoryOptions): Promise<MachineStory> {
  const { clouds, folder, clock, signal, boots } = options;
  const env = environmentOf(options);
  const config = await parseConfig(options.configText, join(folder, "podtrust.yaml"), env, (unnamed) =>
    settleIssuer({ config: unnamed, env, clock }, "choose", signal),
  );
  const steps = stepsOf(config, boots !== undefined);
  const context = {
    config,
    env,
    clock,
    ...(boots === undefined ? {} : { route: boots.route, release: boots.release }),
  };
  const run = async (named: readonly Step[], goal: "present" | "absent"): Promise<number> => {
    const only = named.flatMap((step) => steps[step]);
    const stack = await openStack({ ...context, signal, select: { only } });
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
      await run(["name"], "present");
    },
    async makeMachine() {
      await run(["machine", "system"], "present");
    },
    async bootstrap() {
      await run(["k3s"], "present");
    },
    async publish() {
      await run(["publisher", "caa"], "present");
    },
    openMachine: () => openMachine(context, signal),
    async outputs() {
      const stack = await openStack({ ...context, signal, select: { only: steps.machine } });
      try {
        return outputsOf(config, await stack.outputs());
      } finally {
        stack.close();
      }
    },
    async down() {
      const gone = await run(["name", "machine", "caa"], "absent");
      const left = leftIn(clouds).length;
      if (left === 0) return gone;
      throw new PodtrustError("demo-link-broken", `${left} things are left in the clouds after down`);
    },
  };
}
