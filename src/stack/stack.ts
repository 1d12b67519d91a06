import { type Clock, errorText, PodtrustError } from "../base/index.ts";
import {
  type AwsAccess,
  type AwsSession,
  oidcProviderArn,
  oidcProviderId,
  ownedResources,
  partitionOf,
  roleId,
  type RoleWish,
} from "../aws/index.ts";
import type { Config, Environment } from "../config/index.ts";
import {
  type ApplyOptions,
  type ApplyOutcome,
  applyPlan,
  type Change,
  type Plan,
  planOf,
  type Policy,
  type Resource,
} from "../plan/index.ts";
import { type OpenAccount, openAccounts } from "./accounts.ts";
import { type OutsideWay, privateThumbprints, seeIssuer } from "./outside.ts";
import { preflight } from "./preflight.ts";
import { accountResources } from "./resources.ts";
import { checkNames, isNamed, isSelected, type Selection } from "./selection.ts";
import { untilUsable } from "./usable.ts";

export interface StackOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How the issuer is reached. */
  readonly way?: OutsideWay;
  readonly select?: Selection;
  /** Told while a plan is applied what could not be waited for. */
  readonly notice?: (text: string) => void;
  /** How a session is opened; the SDK's own chain of credentials unless told. */
  readonly open?: (access: AwsAccess) => AwsSession;
}

/** What a plan is for. */
export interface PlanWish {
  /** `absent` is the way down; `present` unless told. */
  readonly goal?: "present" | "absent";
  /** `upsert-only` deletes nothing; `sync` unless told. */
  readonly policy?: Policy;
  /** Takes over what exists without our mark, and makes nothing. */
  readonly adopt?: boolean;
}

/** A plan beside where it would act. */
export interface StackPlan {
  readonly config: Config;
  readonly accounts: readonly OpenAccount[];
  readonly plan: Plan;
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
}

/** A config's accounts, opened and checked. Ended by `close`. */
export interface Stack {
  /** Reads everything and says what would be done; changes nothing. */
  plan(wish?: PlanWish): Promise<StackPlan>;
  /** Throws `plan-changed` when the world is no longer as it was when the plan was made; changes nothing. */
  checkUnchanged(shown: StackPlan): Promise<void>;
  apply(shown: StackPlan, options?: Pick<ApplyOptions, "onEvent">): Promise<ApplyOutcome>;
  close(): void;
}

interface Wanted {
  readonly desired: readonly Resource[];
  readonly owned: readonly Resource[];
  readonly wishes: ReadonlyMap<string, RoleWish>;
}

const belongsTo = (account: OpenAccount, { id }: Resource): boolean =>
  id.startsWith(`aws/${account.config.account}/`);

// With --only, an account that has nothing of what is named is not asked for anything, credentials included.
function meantAccounts({ config, select = {} }: StackOptions): Config["aws"] {
  const { only = [] } = select;
  const ids = ({
    account,
    region,
    roles,
  }: Config["aws"][number]): readonly Pick<Resource, "id" | "link">[] => [
    {
      id: oidcProviderId(account, oidcProviderArn(partitionOf(region), account, config.issuer)),
      link: "provider",
    },
    ...roles.map(({ name }) => ({ id: roleId(account, name), link: "trust" as const })),
  ];
  const known = config.aws.flatMap(ids);
  const allKnown = only.every((name) => known.some((one) => isNamed(one, [name])));
  if (only.length === 0 || !allKnown) return config.aws;
  return config.aws.filter((account) => ids(account).some((one) => isNamed(one, only)));
}

class AwsStack implements Stack {
  readonly #options: StackOptions;
  readonly #accounts: readonly OpenAccount[];
  #noticed = new Set<string>();

  constructor(options: StackOptions, accounts: readonly OpenAccount[]) {
    this.#options = options;
    this.#accounts = accounts;
  }

  #notice(text: string): void {
    if (this.#noticed.has(text)) return;
    this.#noticed.add(text);
    this.#options.notice?.(text);
  }

  async #wanted(wish: PlanWish): Promise<Wanted> {
    const { config, env, clock, signal, way = {}, select = {} } = this.#options;
    const present = wish.goal !== "absent";
    const thumbprints = present ? await privateThumbprints(config.issuer, way, signal) : undefined;
    const made = this.#accounts.map(({ config: account, session }) =>
      accountResources({
        config,
        account,
        session,
        ...(thumbprints === undefined ? {} : { thumbprints }),
        beforeCreate: async (ending) => void (await seeIssuer(config.issuer, way, ending)),
        untilUsable: (role) => {
          const notice = (text: string): void => this.#notice(text);
          return untilUsable({ config, account, session, env, clock, notice }, role);
        },
      }),
    );
    const whose = ({ config: { account } }: OpenAccount): { stack: string; account: string } => ({
      stack: config.stack,
      account,
    });
    const owned =
      wish.adopt === true
        ? []
        : await Promise.all(
            this.#accounts.map((account) => ownedResources(account.session, whose(account), signal)),
          );
    const desired = made.flatMap(({ resources }) => resources);
    checkNames([...desired, ...owned.flat()], [...(select.only ?? []), ...(select.skip ?? [])]);
    return {
      desired: desired.filter((resource) => isSelected(resource, select)),
      owned: owned.flat().filter((resource) => isSelected(resource, select)),
      wishes: new Map(made.flatMap(({ wishes }) => [...wishes])),
    };
  }

  async plan(wish: PlanWish = {}): Promise<StackPlan> {
    const { config, signal } = this.#options;
    const { desired, owned, wishes } = await this.#wanted(wish);
    const goal = wish.goal ?? "present";
    const adopt = new Set(wish.adopt === true ? desired.map(({ id }) => id) : []);
    const policy = wish.policy ?? "sync";
    const plan = await planOf({ desired, owned, goal, policy, adopt }, signal);
    const warnings = goal === "present" ? [...config.warnings] : [];
    const refusals = [...plan.refusals];
    if (wish.adopt === true) refusals.push(...absentees(plan));
    else if (goal === "present") warnings.push(...(await this.#unreached(plan)));
    for (const account of this.#accounts) {
      const changes = plan.changes.filter(({ resource }) => belongsTo(account, resource));
      const { session } = account;
      const found = await preflight({ account: account.config.account, session, changes, wishes, signal });
      refusals.push(...found.refusals);
      warnings.push(...found.warnings);
    }
    return { config, accounts: this.#accounts, plan: { ...plan, refusals }, warnings };
  }

  /** A provider that would be made now would not be, when its issuer does not answer. */
  async #unreached(plan: Plan): Promise<readonly string[]> {
    const { config, signal, way = {} } = this.#options;
    const creates = ({ kind, resource }: Change): boolean =>
      kind === "create" && resource.link === "provider";
    if (!plan.changes.some(creates)) return [];
    try {
      await seeIssuer(config.issuer, way, signal);
      return [];
    } catch (error) {
      signal.throwIfAborted();
      return [`${errorText(error)}: up makes no OIDC provider before it can`];
    }
  }

  async checkUnchanged(shown: StackPlan): Promise<void> {
    const { changes } = shown.plan;
    const now = await Promise.all(changes.map((change) => seenAgain(change, this.#options.signal)));
    const moved = changes.filter((change, index) => now[index] !== observedText(change.observed));
    if (moved.length === 0) return;
    const ids = moved.map(({ resource }) => resource.id);
    throw new PodtrustError(
      "plan-changed",
      `${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} no longer as the plan showed; nothing was done`,
      { detail: { ids } },
    );
  }

  apply(shown: StackPlan, options: Pick<ApplyOptions, "onEvent"> = {}): Promise<ApplyOutcome> {
    return applyPlan(shown.plan, { ...options, signal: this.#options.signal });
  }

  close(): void {
    for (const { session } of this.#accounts) session.close();
  }
}

function absentees(plan: Plan): readonly PodtrustError[] {
  return plan.changes
    .filter(({ observed }) => !observed.exists)
    .map(
      ({ resource }) =>
        new PodtrustError(
          "plan-nothing-there",
          `${resource.id} does not exist: there is nothing to take over`,
          {
            detail: { id: resource.id },
          },
        ),
    );
}

const observedText = (observed: Change["observed"]): string => JSON.stringify(observed);

async function seenAgain({ resource }: Change, signal: AbortSignal): Promise<string> {
  return observedText(await resource.read(signal));
}

/**
 * Opens the accounts of a config that a selection means, and checks their numbers. Throws `config-without-aws`,
 * `aws-wrong-account`, and what is wrong with credentials.
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { config, clock, signal, open } = options;
  if (config.aws.length === 0) {
    throw new PodtrustError("config-without-aws", `${config.file} names no AWS account`);
  }
  const accounts = await openAccounts({
    accounts: meantAccounts(options),
    clock,
    signal,
    ...(open === undefined ? {} : { open }),
  });
  return new AwsStack(options, accounts);
}
