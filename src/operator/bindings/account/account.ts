import {
  type AccountSurvey,
  type AwsAccess,
  type AwsSession,
  accessOf,
  type CallerIdentity,
  checkAccount,
  type Cut,
  cutRole,
  observedProvider,
  observedRole,
  openAws,
  readRoleState,
  roleNames,
  roleOwner,
  type OidcProviderFacts,
  type RoleState,
  roleToDelete,
  surveyAccount,
  trustsProvider,
} from "../../../providers/aws/index.ts";
import {
  asPodtrustError,
  type Clock,
  defined,
  mapLimit,
  type PodtrustError,
  SharedAnswers,
} from "../../../core/base/index.ts";
import { markedBinding, type Trust, type TrustAccount } from "../../../rules/bindings/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import {
  type ApplyOutcome,
  applyPlan,
  type FieldChange,
  noInputs,
  type Observed,
  planOf,
  type Resource,
  namedStack,
} from "../../../rules/plan/index.ts";
import {
  type PartTarget,
  type TokenExchange,
  exchanged,
  accountAnswers,
  preflight,
  accountResources,
  type AccountResources,
  providerArnOf,
  roleArnOf,
} from "../../../stack/parts/index.ts";
import {
  adoptable,
  anothers,
  awsConfigOf,
  type BoundPlan,
  type BoundSpec,
  type CutOutcome,
  type CutSpec,
  cutFields,
  isNothing,
  missingAdoptions,
  ownAdoptions,
  ownRolesOf,
  providerIn,
  roleCut,
} from "./roles.ts";
import { AccountView, maxAge } from "./view.ts";

export interface BoundContext {
  readonly clock: Clock;
  /** How a session is opened; by default with the SDK's own chain of credentials. */
  readonly open?: (access: AwsAccess) => AwsSession;
  /** Called when AWS throttles and calls are slowed down for it. */
  readonly notice?: (text: string) => void;
}

/** Called with a binding, NAMESPACE/NAME, of which something that it rests on was changed by someone else. */
export type Drifted = (binding: string) => void;

/** One account of a trust, shared by all bindings that have roles there: one pace, and one look at everything. */
export class BoundAccount {
  readonly account: AwsConfig;
  readonly #trust: Trust;
  readonly #drifted: Drifted;
  readonly #session: AwsSession;
  readonly #clock: Clock;
  readonly #view: AccountView;
  /** ARNs of the OIDC providers of this cluster's issuer, and of those that it had before. */
  readonly #providers: readonly string[];
  readonly #checked: SharedAnswers<CallerIdentity>;
  /** What the issuer's OIDC provider accepted at the last look. */
  #accepted: string | undefined;

  constructor(context: BoundContext, trust: Trust, account: TrustAccount, drifted: Drifted) {
    const { clock, open = openAws, notice = () => {} } = context;
    this.account = awsConfigOf(trust, account);
    this.#trust = trust;
    this.#drifted = drifted;
    const { issuer, formerIssuers = [] } = trust;
    this.#providers = [issuer, ...formerIssuers].map((one) => providerArnOf(this.account, one));
    this.#clock = clock;
    this.#checked = new SharedAnswers(clock, Infinity);
    const onSlowDown = (reason: string): void => notice(`account ${account.id}: ${reason}`);
    this.#session = open({ ...accessOf(this.account, clock), onSlowDown });
    const reader = {
      ...accountAnswers(this.#session),
      survey: (signal: AbortSignal) => this.#survey(signal),
      role: (name: string, signal: AbortSignal) => readRoleState(this.#session, name, signal),
    };
    this.#view = new AccountView(reader, clock, (marks) => this.#tell(marks));
  }

  /** A look that is had for one binding, or for the trust, gives all whose roles have changed a pass at once. */
  #tell(marks: ReadonlySet<string>): void {
    for (const mark of marks) {
      const whose = markedBinding(this.#trust, mark);
      if (whose !== undefined) this.#drifted(`${whose.namespace}/${whose.name}`);
    }
  }

  get providerArn(): string {
    return providerArnOf(this.account, this.#trust.issuer);
  }

  /** Checks, once, that our credentials belong to this account. Throws `aws-*`. */
  #check(signal: AbortSignal): Promise<CallerIdentity> {
    return this.#checked.of("", signal, (own) => checkAccount(this.#session, this.account.account, own));
  }

  /** Where this is, and which principal our credentials are. Throws `aws-*`. */
  async place(signal: AbortSignal): Promise<PartTarget> {
    const { account, region } = this.account;
    const { arn } = await this.#check(signal);
    return { where: `account ${account}, ${region}`, caller: arn };
  }

  async #survey(signal: AbortSignal): Promise<AccountSurvey> {
    await this.#check(signal);
    const whose = namedStack(this.#trust.stack);
    const asked = { ...whose, account: this.account.account, providerArn: this.providerArn };
    const survey = await surveyAccount(this.#session, asked, signal);
    const accepted = JSON.stringify(providerIn(survey, this.providerArn)?.clientIds.toSorted() ?? null);
    if (this.#accepted !== undefined && this.#accepted !== accepted) this.#tell(this.#view.marks);
    this.#accepted = accepted;
    return survey;
  }

  /**
   * The roles that trust the issuer's OIDC provider, of any owner. A mark gives a stack's name and not its cluster, so
   * by itself it is no reason to delete a role. `oldest`: maximum age of the look at the account, in milliseconds.
   */
  async trusting(signal: AbortSignal, oldest = maxAge): Promise<readonly RoleState[]> {
    const { roles } = await this.#view.survey(signal, oldest);
    return roles.filter(({ trustPolicy }) => trustsProvider(trustPolicy, this.providerArn));
  }

  /** Whether the last look at the account showed a role with this mark; undefined before the first look. Makes no call. */
  showed(mark: string): boolean | undefined {
    return this.#view.showed(mark);
  }

  /** A role of any owner: as seen within 45 seconds, unless it was changed from here since. */
  role(name: string, signal: AbortSignal): Promise<RoleState | undefined> {
    return this.#view.role(name, signal);
  }

  /** When a role was made from here, by `elapsed`; undefined if it was not, or not recently. */
  madeAt(name: string): number | undefined {
    return this.#view.madeAt(name);
  }

  /**
   * Removes what may not stay from the roles with a binding's mark, whether the binding names them or not. Decided by a
   * look at the account, and again by the role itself before it is changed. Throws `aws-*` if the account could not be
   * read.
   */
  async cut(
    { mark, names, oldest, allowed, assertHeld, retain = false, alone = retain }: CutSpec,
    signal: AbortSignal,
  ): Promise<CutOutcome> {
    const seen = await this.#view.marked(mark, signal, oldest);
    const isOwn = (role: RoleState): boolean =>
      roleOwner(role, namedStack(mark), this.#providers).kind === "ours";
    const toCut = (role: RoleState | undefined): Cut | undefined => {
      if (role === undefined || !isOwn(role)) return undefined;
      const place = { providers: this.#providers, now: this.#clock.now(), retain };
      const cut = roleCut(role, allowed(role), place);
      return isNothing(cut) ? undefined : cut;
    };
    const [done, failed]: [(readonly FieldChange[])[], PodtrustError[]] = [[], []];
    const others = alone ? [] : seen.filter(isOwn).map((role) => role.name);
    for (const name of new Set([...names, ...others])) {
      if (toCut(await this.role(name, signal)) === undefined) continue;
      assertHeld();
      const cut = toCut(await readRoleState(this.#session, name, signal));
      if (cut === undefined) continue;
      try {
        await cutRole(this.#session, name, cut, signal);
        done.push(cutFields(cut));
      } catch (error) {
        signal.throwIfAborted();
        failed.push(asPodtrustError(error));
      } finally {
        this.#view.changing([name]);
        this.#view.changed([name]);
      }
    }
    return { done, failed };
  }

  #resources({ mark, roles, crosses }: BoundSpec): AccountResources {
    return accountResources({
      config: { ...namedStack(mark), issuer: this.#trust.issuer },
      account: { ...this.account, roles },
      session: this.#session,
      // Whether STS really refuses is proved afterwards, without keeping others waiting.
      untilUsable: () => () => Promise.resolve(true),
      ...defined({ crosses }),
      providers: this.#providers,
      keepsTrust: true,
      ifTaken: anothers,
      onMade: (role) => this.#view.made(role),
    });
  }

  /** What would be done for a binding; changes nothing. Throws `aws-*`. */
  async plan(spec: BoundSpec, signal: AbortSignal): Promise<BoundPlan> {
    const found = await this.#view.survey(signal);
    const wanted = this.#resources(spec);
    const desired = wanted.roles.map(({ resource }): Resource => resource);
    const owned = this.#gone(spec);
    const names = [...spec.roles.map(({ name }) => name), ...(spec.gone ?? [])];
    const observed = await mapLimit(names, async (name): Promise<[string, Observed]> => {
      const role = await this.role(name, signal);
      const { id } = roleNames(this.account.account, name);
      return [id, this.#observed(spec.mark, role)];
    });
    const seen = new Map(observed);
    const input = { desired, owned, seen };
    const first = await planOf(input, signal);
    const adopt = adoptable(first, spec, this.account.account);
    const made = adopt.size === 0 ? first : await planOf({ ...input, adopt }, signal);
    const own = spec.adopt?.size ? await this.#ownRoles(signal) : [];
    const refusals = [...made.refusals, ...missingAdoptions(made, spec), ...ownAdoptions(spec, own)];
    const plan = { ...made, refusals };
    if (plan.refusals.length > 0 || plan.changes.every(({ kind }) => kind === "none")) return { spec, plan };
    const judged = {
      goal: "present",
      changes: plan.changes,
      allowInUse: true,
      allowReplace: false,
      leads: () => undefined,
    } as const;
    const judgement = await preflight({
      ...judged,
      account: this.account.account,
      answers: this.#view,
      desired: wanted,
      found,
      signal,
      seeIssuer: () => Promise.resolve(),
    });
    return { spec, plan: { ...plan, refusals: judgement.refusals } };
  }

  /** A role as it is to whoever has this mark. */
  #observed(mark: string, role: RoleState | undefined): Observed<RoleState> {
    return observedRole(role, { ...namedStack(mark), providers: this.#providers }, this.#clock.now());
  }

  /** Names of the roles that podtrust itself has here: the one that it calls as, and the one that it assumes. */
  async #ownRoles(signal: AbortSignal): Promise<readonly string[]> {
    const { arn } = await this.#check(signal);
    return ownRolesOf(arn, this.account.assumeRole);
  }

  #gone({ mark, gone = [] }: BoundSpec): readonly Resource[] {
    const whose = { ...namedStack(mark), account: this.account.account };
    return gone.map((name): Resource => {
      const known = this.#view.seenLately(name);
      return roleToDelete(this.#session, whose, { name, known, providers: this.#providers });
    });
  }

  /** Applies a plan. Roles it touched are read again when next asked for, except those it made. Throws the signal's reason. */
  async apply({ spec, plan }: BoundPlan, signal: AbortSignal): Promise<ApplyOutcome> {
    const names = [...spec.roles.map(({ name }) => name), ...(spec.gone ?? [])];
    const ids = new Map(names.map((name) => [roleNames(this.account.account, name).id, name]));
    const changed = plan.changes.flatMap(({ kind, resource }) =>
      kind === "none" ? [] : (ids.get(resource.id) ?? []),
    );
    this.#view.changing(changed);
    try {
      // IAM makes no role twice: it refuses one created since the look at the account.
      const outcome = await applyPlan(plan, { signal, readsBeforeCreate: false });
      // What was cut off is neither done nor failed.
      signal.throwIfAborted();
      return outcome;
    } finally {
      this.#view.changed(changed);
    }
  }

  /** Deletes roles with a binding's mark, by what was on them within 45 s; where IAM refuses that, by all that is read. */
  async remove(mark: string, names: readonly string[], signal: AbortSignal): Promise<ApplyOutcome> {
    await this.#check(signal);
    const spec: BoundSpec = { mark, roles: [], gone: names };
    const seen = names.flatMap((name) => {
      const observed = this.#observed(mark, this.#view.seenLately(name));
      const isOurs = observed.exists && observed.owner.kind === "ours";
      return isOurs ? [[roleNames(this.account.account, name).id, observed] as const] : [];
    });
    const gone = { desired: [], owned: this.#gone(spec), goal: "absent", seen: new Map(seen) } as const;
    return this.apply({ spec, plan: await planOf(gone, signal) }, signal);
  }

  /** A role of a binding as it is, and how it differs from what it should be. */
  async look(mark: string, role: RoleConfig, signal: AbortSignal) {
    const observed = this.#observed(mark, await this.role(role.name, signal));
    const [wanted] = this.#resources({ mark, roles: [role] }).roles;
    const fields = observed.exists ? wanted?.resource.diff(observed, noInputs).fields : [];
    return { observed, fields: (fields ?? []).map(({ field }) => field) };
  }

  /** The issuer's OIDC provider, as the trust's stack would make it. */
  async provider(signal: AbortSignal): Promise<Observed<OidcProviderFacts>> {
    const found = providerIn(await this.#view.survey(signal), this.providerArn);
    return observedProvider(found, namedStack(this.#trust.stack));
  }

  /** sts:AssumeRoleWithWebIdentity for a role, as a workload calls it. */
  exchange(role: RoleConfig, token: string, signal: AbortSignal): Promise<TokenExchange> {
    const roleArn = roleArnOf(this.account, role);
    return exchanged(this.#session, { roleArn, sessionName: role.sessionName, token }, signal);
  }

  /** Gives every binding with a role here a pass: nobody would show them what is changed from now on. */
  forgets(): void {
    this.#tell(this.#view.marks);
  }

  close(): void {
    this.#session.close();
  }
}

/** An unused account is closed after this time; one of an existing trust is looked at each minute. Milliseconds. */
const unused = 300_000;

/** The accounts of all trusts, each opened on first use, and closed some time after its last. */
export class BoundAccounts {
  readonly #context: BoundContext;
  readonly #open = new Map<string, { readonly account: BoundAccount; usedAt: number }>();
  readonly #followers = new Set<Drifted>();

  constructor(context: BoundContext) {
    this.#context = context;
  }

  of(trust: Trust, account: TrustAccount): BoundAccount {
    const key = JSON.stringify([trust.stack, trust.issuer, trust.formerIssuers, trust.audiences, account]);
    const now = this.#context.clock.elapsed();
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.usedAt = now;
      return known.account;
    }
    this.#closeUnused(now);
    const opened = new BoundAccount(this.#context, trust, account, (binding) => {
      for (const follower of this.#followers) follower(binding);
    });
    this.#open.set(key, { account: opened, usedAt: now });
    return opened;
  }

  /** Calls back with each binding one of whose roles was seen to be changed; returns the function that ends that. */
  subscribe(drifted: Drifted): () => void {
    this.#followers.add(drifted);
    return () => this.#followers.delete(drifted);
  }

  /** After a change or deletion of a trust, accounts opened for its old spec remain here. */
  #closeUnused(now: number): void {
    for (const [key, { account, usedAt }] of this.#open) {
      if (now - usedAt < unused) continue;
      account.close();
      this.#open.delete(key);
      account.forgets();
    }
  }

  close(): void {
    for (const { account } of this.#open.values()) account.close();
    this.#open.clear();
  }
}
