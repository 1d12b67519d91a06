import type { AcmeConfig } from "../../../config/index.ts";
import { recordNames, type RecordType } from "../../../rules/dns/index.ts";
import {
  accountsNames,
  accountsResource,
  backupFolderNames,
  backupFolderResource,
  type HostConnection,
  type HostLayout,
  hostLayout,
  k3sNames,
  publisherNames,
  publisherResource,
  rollBack,
  systemNames,
} from "../../../providers/host/index.ts";
import type { ResourceOutput, Resource, Work, NamedResource } from "../../../rules/plan/index.ts";
import { hostConnection } from "../host/locator.ts";
import { openMachine } from "../host/machine.ts";
import type {
  Goal,
  Part,
  PartContext,
  PartPlan,
  PartTarget,
  Preflight,
  PublisherRelease,
  Survey,
} from "../part.ts";
import { accountsOf } from "./accounts.ts";
import { checkOwnKey } from "./own-key.ts";
import { checkOwnToken } from "./own-token.ts";
import { publisherSpec, specToDelete } from "./spec.ts";

/** The publisher on the machine of a config. */
class PublisherPart implements Part {
  readonly id = "publisher";
  readonly #context: PartContext;
  readonly #release: PublisherRelease;
  readonly #connection: HostConnection;

  constructor(context: PartContext, release: PublisherRelease, connection: HostConnection) {
    this.#context = context;
    this.#release = release;
    this.#connection = connection;
  }

  get named(): readonly NamedResource[] {
    const { config } = this.#context;
    const { stack } = config;
    return [
      ...(acmeOf(config) === undefined ? [] : [accountsNames(stack)]),
      ...(backupFolderOf(config) === undefined ? [] : [backupFolderNames(stack)]),
      publisherNames(stack),
    ];
  }

  get needs(): readonly ResourceOutput[] {
    return this.#connection.locator.needs;
  }

  open(): Promise<PartTarget> {
    const { issuer } = this.#context.config;
    return Promise.resolve({ where: `the publisher of ${issuer}`, caller: "root on the machine" });
  }

  async survey(goal: Goal): Promise<Survey> {
    const { config, env, clock } = this.#context;
    // What is on a released machine is deleted with it.
    if (goal === "absent" && config.machine?.ssh === undefined)
      return { desired: [], owned: [], seen: new Map() };
    const name = new URL(config.issuer).hostname;
    if (goal === "present") {
      await checkOwnToken(config, env);
      await checkOwnKey(config, env);
    }
    const spec =
      goal === "present" ? await publisherSpec(this.#context, this.#release) : specToDelete(config);
    const common = { connection: this.#connection, clock, spec };
    const recordIds = (types: readonly RecordType[]): readonly string[] =>
      types.map((type) => recordNames({ name, type }).id);
    const before = [...(await this.#accounts(goal)), ...this.#backupFolder(goal)];
    const publisher = publisherResource({
      ...common,
      // It reads the cluster, and orders as soon as it runs: a certificate authority finds it by its name, and its
      // accounts in the records.
      dependsOn: [
        k3sNames(config.stack).id,
        ...before.map(({ id }) => id),
        ...recordIds(["A", "AAAA", "CAA"]),
      ],
    });
    return { desired: [...before, publisher], owned: [], seen: new Map() };
  }

  async #accounts(goal: Goal): Promise<readonly Resource[]> {
    const { config, clock } = this.#context;
    const { stack, identity } = config;
    const acme = acmeOf(config);
    if (acme === undefined) return [];
    const accounts = goal === "present" ? await accountsOf(acme, this.#context) : [];
    const spec = { stack, identity, layout: hostLayout(), accounts };
    const connection = this.#connection;
    const dependsOn = [systemNames(stack).id];
    return [accountsResource({ connection, clock, spec, dependsOn })];
  }

  /** The folder for backups stays on the way down. */
  #backupFolder(goal: Goal): readonly Resource[] {
    const { config } = this.#context;
    const { stack } = config;
    const folder = backupFolderOf(config);
    if (folder === undefined || goal === "absent") return [];
    const spec = { stack, layout: hostLayout(), folder };
    return [backupFolderResource({ connection: this.#connection, spec, dependsOn: [systemNames(stack).id] })];
  }

  preflight({ goal }: PartPlan): Promise<Preflight> {
    const { config } = this.#context;
    const folder = backupFolderOf(config);
    if (folder === undefined || goal === "present") return Promise.resolve({ refusals: [], warnings: [] });
    const what =
      config.machine?.ssh === undefined
        ? `the backups in ${folder} go with the machine, unless their disk or share stays: copy them first`
        : `the backups in ${folder} stay on the machine: podtrust deletes none`;
    return Promise.resolve({ refusals: [], warnings: [what] });
  }

  close(): void {
    void this.#connection.close();
  }
}

/** Whether a config's publisher runs on a machine of the config's. */
export function isOnMachine({ machine, publisher }: PartContext["config"]): boolean {
  return machine !== undefined && publisher !== undefined;
}

function acmeOf({ publisher }: PartContext["config"]): AcmeConfig | undefined {
  return publisher?.serve.kind === "acme" ? publisher.serve.acme : undefined;
}

/** Where on the machine a config's publisher writes backups; undefined if it makes none, or writes them elsewhere. */
function backupFolderOf({ publisher }: PartContext["config"]): string | undefined {
  const place = publisher?.backup?.place;
  return place !== undefined && "folder" in place ? place.folder : undefined;
}

/** The accounts of the publisher on a config's machine, as an output; undefined if it has none. */
export function accountsOutput(config: PartContext["config"]): ResourceOutput | undefined {
  if (!isOnMachine(config) || acmeOf(config) === undefined) return undefined;
  return { after: accountsNames(config.stack).id, name: "authorities" };
}

/** Where program and state of the publisher are on a config's machine; undefined if it has none. */
export function publisherOnMachine(
  config: PartContext["config"],
): Pick<HostLayout, "program" | "state"> | undefined {
  return isOnMachine(config) ? hostLayout() : undefined;
}

/** The publisher on a config's machine; none without a machine, or if the config publishes elsewhere. Opens no connection. */
export function publisherParts(context: PartContext): readonly Part[] {
  const connection = isOnMachine(context.config) ? hostConnection(context) : undefined;
  if (connection === undefined) return [];
  const { release } = context;
  if (release === undefined) throw new TypeError("a publisher on a machine needs a release");
  return [new PublisherPart(context, release, connection)];
}

/**
 * Runs the previous version again on a config's machine. Throws `machine-absent`, `publisher-rollback`, `ssh-*`,
 * `host-*`.
 */
export async function rollBackPublisher(
  context: Pick<PartContext, "config" | "env" | "clock">,
  work: Pick<Work, "signal" | "waiting">,
): Promise<{ readonly from: string; readonly to: string }> {
  const machine = await openMachine(context);
  try {
    const { session } = machine;
    return await rollBack({ session, clock: context.clock, layout: hostLayout(), work });
  } finally {
    await machine.close();
  }
}
