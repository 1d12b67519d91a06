import {
  defined,
  errorText,
  PodtrustError,
  retry,
  type RetrySchedule,
  SharedAnswers,
} from "../../../core/base/index.ts";
import {
  type AccountSurvey,
  type AwsAccess,
  type AwsSession,
  accessOf,
  checkAccount,
  type LaterThumbprints,
  type OidcProviderFacts,
  readManagedPolicy,
  readOidcProviders,
  oidcProviderNames,
  observedProvider,
  observedRole,
  openAws,
  roleNames,
  type RoleState,
  surveyAccount,
  trustsProvider,
} from "../../../providers/aws/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import { privateThumbprints, seeIssuer } from "../../../issuer/index.ts";
import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { noInputs, type Observed, type Resource, type NamedResource } from "../../../rules/plan/index.ts";
import { isOwnAccess } from "../closing.ts";
import { openCluster } from "../open-cluster.ts";
import type { Goal, PartPlan, Part, PartContext, PartTarget, Preflight, Survey } from "../part.ts";
import { isOnMachine } from "../publisher/part.ts";
import { formerProviderIds, providerArnOf, roleArnOf } from "./role-trust.ts";
import type { AllowPolicy } from "../../../rules/trust/index.ts";
import { leastAwsPolicy } from "./least-policy.ts";
import { type TokenExchange, exchanged } from "./exchange.ts";
import {
  boundRole,
  configRoles,
  type LockableRole,
  type LockedRole,
  lockRoles,
  type RoleChange,
  type RolesLocked,
} from "./lockdown.ts";
import { accountAnswers, preflight } from "./preflight.ts";
import {
  accountResources,
  type AccountResources,
  type ResourcesInput,
  resourcesToDelete,
} from "./resources.ts";
import { type TokenOwner, untilUsable, untilUsableBy, type UsableInput, type WaitContext } from "./usable.ts";

export interface AwsPartContext extends PartContext {
  /** How a session is opened; by default with the SDK's own chain of credentials. */
  readonly open?: (access: AwsAccess) => AwsSession;
  /** How often AWS is asked, and how long each answer may take; by default as the session has it. */
  readonly callLimits?: Pick<AwsAccess, "attempts" | "answerWithinMs">;
}

/** A resource as found, and the names of its fields that differ from the config. */
export interface ResourceDrift<State> {
  readonly observed: Observed<State>;
  readonly fields: readonly string[];
}

/** One account of the config. */
export interface AwsPart extends Part {
  readonly kind: "aws";
  readonly account: AwsConfig;
  readonly providerArn: string;
  /** The OIDC provider of the issuer. Throws `aws-*`; `open` first. */
  lookAtProvider(signal: AbortSignal): Promise<ResourceDrift<OidcProviderFacts>>;
  /** Every OIDC provider of the account. Throws `aws-*`; `open` first. */
  lookAtProviders(signal: AbortSignal): Promise<readonly OidcProviderFacts[]>;
  /** Every OIDC provider of the account, and every role that may be read. Throws `aws-*`; `open` first. */
  lookAtAccount(signal: AbortSignal): Promise<Pick<AccountSurvey, "providers" | "roles" | "isWhole">>;
  /** A role of the config. Throws `aws-*`; `open` first. */
  lookAtRole(role: RoleConfig, signal: AbortSignal): Promise<ResourceDrift<RoleState>>;
  /** The text of a managed policy; undefined if there is none. Throws `aws-*`; `open` first. */
  lookAtPolicy(arn: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * sts:AssumeRoleWithWebIdentity for a role of the config, unsigned as a workload calls it: needs no credentials and
   * no `open`. Without a token the call is made to see it refused. Throws `aws-unreachable`, `aws-throttled` and
   * `aws-unavailable` if STS gave no answer of its own.
   */
  exchange(role: RoleConfig, token: string | undefined, signal: AbortSignal): Promise<TokenExchange>;
  /**
   * Waits until STS lets a ServiceAccount's token into a role of the config. If it cannot be asked, that is a notice.
   * Throws `aws-not-assumable` at the deadline.
   */
  untilUsable(role: RoleConfig, owner: TokenOwner, work: WaitContext): Promise<void>;
  /** The least privileges for `plan`, `up` and `down` in this account. */
  leastPolicy(): AllowPolicy;
  /**
   * Roles that trust the issuer and that the config does not name, by AWS's own list: those of bindings of the stack first.
   * Undefined if they may not be listed. Throws `aws-*`; `open` first.
   */
  rolesBeside(signal: AbortSignal): Promise<readonly LockableRole[] | undefined>;
  /**
   * Closes every role that trusts the issuer to stolen tokens, or opens them: podtrust's own access first, then the config's
   * and the bindings' roles, then all others by AWS's own list. `only`: names, in place of all. `open` first.
   */
  lockRoles(change: RoleChange, signal: AbortSignal, only?: readonly string[]): Promise<RolesLocked>;
}

// A name looked up too early stays unresolved for minutes, and a certificate takes one.
const issuerStart: RetrySchedule = {
  name: "an issuer that is made in the same run takes its time",
  delays: [3000],
  giveUpAfter: 600_000,
};

// Three calls read one role, and a few of them all of the account's.
const fewRoles = 10;

function lookOf<State>(resource: Resource<State>, observed: Observed<State>): ResourceDrift<State> {
  const fields = observed.exists ? resource.diff(observed, noInputs).fields.map(({ field }) => field) : [];
  return { observed, fields };
}

/** Undefined without the right to list. */
function unlessDenied(survey: Promise<AccountSurvey>): Promise<AccountSurvey | undefined> {
  return survey.catch((error: unknown) => {
    if (error instanceof PodtrustError && error.code === "aws-denied") return undefined;
    throw error;
  });
}

class AccountPart implements AwsPart {
  readonly kind = "aws";
  readonly account: AwsConfig;
  readonly #context: AwsPartContext;
  readonly #session: AwsSession;
  #opened: Promise<KubernetesApi> | undefined;
  readonly #place: SharedAnswers<PartTarget>;
  #resourcesOnce: AccountResources | undefined;
  readonly #looked: SharedAnswers<AccountSurvey | undefined>;
  #surveyed: { readonly desired: AccountResources; readonly found: AccountSurvey } | undefined;

  constructor(context: AwsPartContext, account: AwsConfig) {
    this.account = account;
    this.#context = context;
    const { clock, notice = () => {} } = context;
    this.#place = new SharedAnswers(clock, Infinity);
    this.#looked = new SharedAnswers(clock, Infinity);
    const onSlowDown = (reason: string, deadline: number): void => {
      const seconds = Math.ceil((deadline - clock.elapsed()) / 1000);
      notice(`account ${account.account}: ${reason}; given up if none gets through within ${seconds} s`);
    };
    this.#session = (context.open ?? openAws)({
      ...accessOf(account, clock),
      ...context.callLimits,
      onSlowDown,
    });
  }

  get id(): string {
    return `aws/${this.account.account}`;
  }

  get providerArn(): string {
    return providerArnOf(this.account, this.#context.config.issuer);
  }

  readonly #seeIssuer = async (signal: AbortSignal): Promise<void> => {
    const { config, route = {} } = this.#context;
    await seeIssuer(config.issuer, route, signal);
  };

  /** The same, waited for if the issuer is made in the same run: names and certificates take their time. */
  readonly #untilSeen = async ({ signal, waiting }: WaitContext): Promise<void> => {
    const { config, clock } = this.#context;
    await retry(() => this.#seeIssuer(signal), {
      schedule: issuerStart,
      clock,
      signal,
      retryable: () => !signal.aborted && isOnMachine(config),
      onRetry: (error, deadline) => waiting(errorText(error), deadline),
    });
  };

  /** The config's cluster, opened once for all roles. */
  readonly #cluster = (): Promise<KubernetesApi> => {
    this.#opened ??= openCluster(this.#context);
    return this.#opened;
  };

  #asker(): Omit<UsableInput, "cluster"> {
    const { notice = () => {} } = this.#context;
    return { account: this.account, session: this.#session, notice };
  }

  #resources(thumbprints?: readonly string[] | LaterThumbprints): AccountResources {
    return accountResources({ ...this.#input(), ...defined({ thumbprints }) });
  }

  #input(): ResourcesInput {
    return {
      config: this.#context.config,
      account: this.account,
      session: this.#session,
      beforeCreate: this.#untilSeen,
      untilUsable: (role) => untilUsable({ ...this.#asker(), cluster: this.#cluster }, role),
    };
  }

  get named(): readonly NamedResource[] {
    const { account, roles } = this.account;
    return [
      oidcProviderNames(account, this.providerArn),
      ...roles.map(({ name }) => roleNames(account, name)),
    ];
  }

  /** Thumbprints for a private CA. An issuer that does not answer yet does not block a plan. */
  async #thumbprints(signal: AbortSignal): Promise<readonly string[] | LaterThumbprints | undefined> {
    const { config, route = {} } = this.#context;
    const find = (ending: AbortSignal): Promise<readonly string[] | undefined> =>
      privateThumbprints(config.issuer, route, ending);
    try {
      return await find(signal);
    } catch (error) {
      if (!(error instanceof PodtrustError) || error.code !== "issuer-unreached") throw error;
      return { knownAfter: `${config.issuer} can be read`, find };
    }
  }

  lookAtPolicy(arn: string, signal: AbortSignal): Promise<string | undefined> {
    return readManagedPolicy(this.#session, arn, signal);
  }

  open(signal: AbortSignal): Promise<PartTarget> {
    const { account, region } = this.account;
    return this.#place.of("", signal, async (own) => {
      const { arn } = await checkAccount(this.#session, account, own);
      return { where: `account ${account}, ${region}`, caller: arn };
    });
  }

  #found(signal: AbortSignal): Promise<AccountSurvey> {
    const { stack, identity } = this.#context.config;
    const { account, roles } = this.account;
    const { providerArn } = this;
    const asked = { stack, identity, account, providerArn, roles: roles.map(({ name }) => name) };
    return surveyAccount(this.#session, asked, signal);
  }

  async survey(goal: Goal, signal: AbortSignal): Promise<Survey> {
    const desired = this.#resources(goal === "present" ? await this.#thumbprints(signal) : undefined);
    const found = await this.#found(signal);
    this.#surveyed = { desired, found };
    const seen = this.#seen(desired, found);
    const { owned } = found;
    if (goal === "absent") return { desired: resourcesToDelete(this.#input()), owned, seen };
    const all = desired.roles.map(({ resource }): Resource => resource);
    const former = formerProviderIds(this.account, this.#context.config);
    const surplus = owned.filter(({ id }) => !former.includes(id));
    return { desired: [desired.provider, ...all], owned: surplus, seen };
  }

  /** What was found of the config's and the stack's own resources, including absent ones. */
  #seen(desired: AccountResources, found: AccountSurvey): ReadonlyMap<string, Observed> {
    const { config } = this.#context;
    const { account } = this.account;
    const now = this.#session.clock.now();
    const existing = found.providers.find(({ arn }) => arn === this.providerArn);
    const providers = found.ownProviders.map((facts): [string, Observed] => [
      oidcProviderNames(account, facts.arn).id,
      observedProvider(facts, config),
    ]);
    const roles = found.ownRoles.map((role): [string, Observed] => [
      roleNames(account, role.name).id,
      observedRole(role, config, now),
    ]);
    const named = desired.roles.map(({ spec, resource }): [string, Observed] => [
      resource.id,
      observedRole(found.role(spec.name), spec, now),
    ]);
    return new Map([
      ...providers,
      ...roles,
      [desired.provider.id, observedProvider(existing, config)],
      ...named,
    ]);
  }

  async preflight(judged: PartPlan, signal: AbortSignal): Promise<Preflight> {
    if (this.#surveyed === undefined) throw new TypeError("preflight comes after survey");
    const { desired, found } = this.#surveyed;
    return preflight({
      ...judged,
      account: this.account.account,
      answers: accountAnswers(this.#session),
      desired,
      found,
      signal,
      // What this very run creates does not answer yet; `apply` waits for it.
      seeIssuer: isOnMachine(this.#context.config) ? () => Promise.resolve() : this.#seeIssuer,
    });
  }

  /** What readings are compared with: made once for all roles. */
  get #compared(): AccountResources {
    this.#resourcesOnce ??= this.#resources();
    return this.#resourcesOnce;
  }

  async lookAtProvider(signal: AbortSignal): Promise<ResourceDrift<OidcProviderFacts>> {
    const { provider } = this.#compared;
    return lookOf(provider, await provider.read(signal, noInputs));
  }

  lookAtProviders(signal: AbortSignal): Promise<readonly OidcProviderFacts[]> {
    return readOidcProviders(this.#session, signal);
  }

  lookAtAccount(signal: AbortSignal): Promise<AccountSurvey> {
    return this.#found(signal);
  }

  async lookAtRole(role: RoleConfig, signal: AbortSignal): Promise<ResourceDrift<RoleState>> {
    const desired = this.#compared.roles.find((one) => one.role === role);
    if (desired === undefined) throw new TypeError(`${role.name} is no role of ${this.id}`);
    const { spec, resource } = desired;
    if (this.account.roles.length <= fewRoles) return lookOf(resource, await resource.read(signal, noInputs));
    const survey = await this.#looked.of("", signal, (own) => unlessDenied(this.#found(own)));
    // Without the right to list, each role may still be read.
    if (survey === undefined) return lookOf(resource, await resource.read(signal, noInputs));
    return lookOf(resource, observedRole(survey.role(role.name), spec, this.#session.clock.now()));
  }

  async exchange(role: RoleConfig, token: string | undefined, signal: AbortSignal): Promise<TokenExchange> {
    const roleArn = roleArnOf(this.account, role);
    const asked = { roleArn, sessionName: role.sessionName, ...defined({ token }) };
    return exchanged(this.#session, asked, signal);
  }

  async untilUsable(role: RoleConfig, owner: TokenOwner, work: WaitContext): Promise<void> {
    await untilUsableBy(this.#asker(), role, owner, work);
  }

  leastPolicy(): AllowPolicy {
    return leastAwsPolicy(this.#context.config, this.account);
  }

  /** Roles that trust the issuer and that the config does not name; undefined if they may not be listed. */
  async #beside(signal: AbortSignal): Promise<readonly RoleState[] | undefined> {
    const own = new Set(this.account.roles.map(({ name }) => name));
    const found = await unlessDenied(this.#found(signal));
    return found?.roles.filter(
      ({ name, trustPolicy }) => !own.has(name) && trustsProvider(trustPolicy, this.providerArn),
    );
  }

  async rolesBeside(signal: AbortSignal): Promise<readonly LockableRole[] | undefined> {
    const { stack } = this.#context.config;
    const all = (await this.#beside(signal))?.map(
      (role): LockableRole => boundRole(stack, role) ?? { role: role.name, serviceAccounts: [] },
    );
    const isBound = ({ mark }: LockableRole): boolean => mark !== undefined;
    return all && [...all.filter(isBound), ...all.filter((one) => !isBound(one))];
  }

  async lockRoles(change: RoleChange, signal: AbortSignal, only?: readonly string[]): Promise<RolesLocked> {
    const { stack, identity } = this.#context.config;
    const context = { session: this.#session, providerArn: this.providerArn, change, signal };
    const lock = (roles: readonly LockableRole[]): Promise<readonly LockedRole[]> =>
      lockRoles(
        context,
        roles.filter(({ role }) => only === undefined || only.includes(role)),
      );
    const own = configRoles({ stack, identity }, this.account);
    // Roles known by name do not wait for the list of all.
    const first = await lock(own.filter(isOwnAccess));
    const roles = await lock(own.filter((one) => !isOwnAccess(one)));
    const beside = await this.rolesBeside(signal);
    const others = await lock(beside ?? []);
    return { roles: [...first, ...roles, ...others], isWhole: beside !== undefined };
  }

  close(): void {
    this.#session.close();
  }
}

/** One account of a config. Opens no connection. */
export function awsPart(context: AwsPartContext, account: AwsConfig): AwsPart {
  return new AccountPart(context, account);
}

/** The accounts of a config, in its order. */
export function awsParts(context: AwsPartContext): readonly AwsPart[] {
  return context.config.aws.map((account) => awsPart(context, account));
}
