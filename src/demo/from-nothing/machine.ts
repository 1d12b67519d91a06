import { join } from "node:path";
import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { type Config, parseConfig } from "../../config/index.ts";
import type { ApplyEvent } from "../../rules/plan/index.ts";
import type { StandInClouds } from "../../sandbox/index.ts";
import { openStack, type Outputs, outputsOf, settleIssuer, type StackOptions } from "../../stack/index.ts";
import type { OnEvent } from "../report.ts";

/** The guide's stack, as one config: a machine, a name in a zone, and what depends on both. */
const guideConfig = `stack: k3s-cluster
issuer: {zone: podtrust.example}
dns: cloudflare
machine:
  hetzner: {type: cax11, location: nbg1, sshFrom: [203.0.113.0/24]}
`;

/** What the machine's part of the story works with. */
export interface MachineStory {
  readonly config: Config;
  /** Step 1: addresses, and the name that resolves to them. */
  makeName(): Promise<void>;
  /** Step 2: the machine, with its firewall from the first moment. */
  makeMachine(): Promise<void>;
  /** Addresses and names of what exists. */
  outputs(): Promise<Outputs>;
  /** Deletes all of it; returns how many things were deleted. */
  down(): Promise<number>;
}

export interface MachineStoryOptions {
  readonly clouds: StandInClouds;
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
}

/** Reports what happens while a plan is applied: what was made, and each reason to wait once. */
function reporting({ onEvent, clock }: MachineStoryOptions): (event: ApplyEvent) => void {
  const logged = new Set<string>();
  return (event) => {
    if (event.type === "done") {
      const { id } = event.change.resource;
      onEvent({ kind: "step", text: `${id} ${event.change.kind === "delete" ? "deleted" : "created"}` });
    }
    if (event.type !== "waiting") return;
    const reason = event.reason.replace(/ at \d+ %$/u, "");
    if (logged.has(reason)) return;
    logged.add(reason);
    const seconds = Math.ceil((event.deadline - clock.elapsed()) / 1000);
    onEvent({ kind: "waiting", reason, seconds });
  };
}

/** Ids of what the story makes in the clouds, step by step. */
export function cloudSteps({
  issuer,
  stack,
}: Config): Readonly<Record<"name" | "machine", readonly string[]>> {
  const { host } = new URL(issuer);
  return {
    name: [
      `hetzner/primary-ip/${stack}-ipv4`,
      `hetzner/primary-ip/${stack}-ipv6`,
      `dns/${host}/A`,
      `dns/${host}/AAAA`,
    ],
    machine: [`hetzner/ssh-key/${stack}`, `hetzner/firewall/${stack}`, `hetzner/server/${stack}`],
  };
}

/** The user's own keys and agents are not used: the machine gets a login key of the demo's. */
export function storyEnvironment({ clouds, folder }: MachineStoryOptions): Readonly<Record<string, string>> {
  return { ...clouds.environment, HOME: folder, XDG_STATE_HOME: join(folder, "state") };
}

/** Reads the story's config, and chooses the name that it leaves open. */
export function storyConfig(
  text: string,
  env: StackOptions["env"],
  { folder, clock, signal }: MachineStoryOptions,
): Promise<Config> {
  return parseConfig(text, join(folder, "podtrust.yaml"), env, (unnamed) =>
    settleIssuer({ config: unnamed, env, clock }, "choose", signal),
  );
}

/** What the story's stack is opened with. */
export type StoryContext = Omit<StackOptions, "signal" | "select">;

/**
 * Makes, or deletes, what is named by its ids, and reports it; returns how many things were changed. Throws
 * the first failure.
 */
export async function applyOnly(
  context: StoryContext,
  { only, goal }: { readonly only: readonly string[]; readonly goal: "present" | "absent" },
  options: MachineStoryOptions,
): Promise<number> {
  const stack = await openStack({ ...context, signal: options.signal, select: { only } });
  try {
    const { failed, done } = await stack.apply(await stack.plan({ goal }), { onEvent: reporting(options) });
    if (failed[0] !== undefined) throw failed[0].error;
    return done.length;
  } finally {
    stack.close();
  }
}

/** Addresses and names of what exists. */
export async function machineOutputs(
  context: StoryContext,
  { signal }: MachineStoryOptions,
): Promise<Outputs> {
  const { config } = context;
  const stack = await openStack({ ...context, signal, select: { only: cloudSteps(config).machine } });
  try {
    return outputsOf(config, await stack.outputs());
  } finally {
    stack.close();
  }
}

/** Throws `demo-link-broken` where something of the stack is left in the clouds. */
export function checkNothingLeft({ hetzner, cloudflare }: StandInClouds): void {
  const { servers, firewalls, primaryIps, sshKeys } = hetzner.contents();
  const left = [servers, firewalls, primaryIps, sshKeys, cloudflare.records("podtrust.example")].flat();
  if (left.length > 0)
    throw new PodtrustError("demo-link-broken", `${left.length} things are left in the clouds after down`);
}

/** Opens the guide's stack on the stand-ins for both clouds, its name chosen. */
export async function openMachineStory(options: MachineStoryOptions): Promise<MachineStory> {
  const env = storyEnvironment(options);
  const config = await storyConfig(guideConfig, env, options);
  const context = { config, env, clock: options.clock };
  const { name, machine } = cloudSteps(config);
  return {
    config,
    async makeName() {
      await applyOnly(context, { only: name, goal: "present" }, options);
    },
    async makeMachine() {
      await applyOnly(context, { only: machine, goal: "present" }, options);
    },
    outputs: () => machineOutputs(context, options),
    async down() {
      const gone = await applyOnly(context, { only: [...name, ...machine], goal: "absent" }, options);
      checkNothingLeft(options.clouds);
      return gone;
    },
  };
}
