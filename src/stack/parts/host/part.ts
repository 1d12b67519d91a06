import type { MachineConfig } from "../../../config/index.ts";
import {
  datastoreCopy,
  type HostConnection,
  k3sNames,
  k3sResource,
  type LookAtRunning,
  systemNames,
  systemResource,
} from "../../../providers/host/index.ts";
import type { Change, ResourceOutput, Resource, NamedResource } from "../../../rules/plan/index.ts";
import type { Goal, PartPlan, Part, PartContext, PartTarget, Preflight, Survey } from "../part.ts";
import { hostConnection } from "./locator.ts";
import { k3sSpec } from "./spec.ts";

/** Loaded where a machine is looked at: no other command needs what stands behind it. */
const runsOnMachine: LookAtRunning = async (session, signal) => {
  const { k3sOnMachine } = await import("../../../control-plane/servers/index.ts");
  return (await k3sOnMachine(session, signal)).runs;
};

/** What is set up on the machine of a config. */
class HostPart implements Part {
  readonly id = "host";
  readonly #context: PartContext;
  readonly #machine: MachineConfig;
  readonly #connection: HostConnection;

  constructor(context: PartContext, machine: MachineConfig, connection: HostConnection) {
    this.#context = context;
    this.#machine = machine;
    this.#connection = connection;
  }

  get cluster(): string {
    return k3sNames(this.#context.config.stack).id;
  }

  get named(): readonly NamedResource[] {
    const { stack } = this.#context.config;
    return [systemNames(stack), k3sNames(stack)];
  }

  get needs(): readonly ResourceOutput[] {
    return this.#connection.locator.needs;
  }

  open(): Promise<PartTarget> {
    const { ssh, user } = this.#machine;
    const where = ssh === undefined ? "the machine there" : `machine ${ssh.address}`;
    return Promise.resolve({ where, caller: ssh?.user ?? user });
  }

  #resources(): readonly Resource[] {
    const { config, clock } = this.#context;
    const connection = this.#connection;
    const { stack, identity } = config;
    const { ssh } = this.#machine;
    const system = { stack, identity, isFresh: ssh === undefined, isRootUsed: ssh?.user === "root" };
    const k3s = k3sSpec(config, this.#machine);
    return [
      systemResource({ connection, clock, spec: system }),
      k3sResource({ connection, clock, spec: k3s, runs: runsOnMachine, dependsOn: [systemNames(stack).id] }),
    ];
  }

  survey(goal: Goal): Promise<Survey> {
    // What is on a released machine is deleted with it.
    const goes = goal === "absent" && this.#machine.ssh === undefined;
    return Promise.resolve({ desired: goes ? [] : this.#resources(), owned: [], seen: new Map() });
  }

  preflight({ changes }: PartPlan): Promise<Preflight> {
    return Promise.resolve({ refusals: [], warnings: changes.flatMap(upgradeWarnings) });
  }

  close(): void {
    void this.#connection.close();
  }
}

/** What an upgrade of k3s does beside changing its version. */
function upgradeWarnings({ kind, fields, resource }: Change): readonly string[] {
  const version = fields.find(({ field }) => field === "version");
  if (kind !== "update" || resource.kind !== "k3s" || typeof version?.before !== "string") return [];
  const { before, after } = version;
  if (before === after) return [];
  return [
    `${resource.id} is an upgrade from ${before} to ${String(after)}: its datastore is copied to ${datastoreCopy(before)} first. The Kubernetes API is away for about a minute; pods keep running.`,
  ];
}

/** The part of a config's machine; none without one. Opens no connection. */
export function hostParts(context: PartContext): readonly Part[] {
  const { machine } = context.config;
  const connection = hostConnection(context);
  if (machine === undefined || connection === undefined) return [];
  return [new HostPart(context, machine, connection)];
}
