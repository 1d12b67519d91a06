import { type Clock, PodtrustError, SharedAnswers } from "../../../core/base/index.ts";
import {
  closedMarkOf,
  type Exchanged,
  exchangeEndpoints,
  type GoogleApi,
  listPools,
  listProviders,
  memberResource,
  type MemberState,
  type OpenedGoogle,
  openGoogle,
  type ProviderState,
  tryExchange,
} from "../../../providers/gcp/index.ts";
import type { GoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { type PoolName, principalOf, providerAudience } from "../../../rules/gcp/index.ts";
import { applyPlan, noInputs, type Observed, type Plan, planOf } from "../../../rules/plan/index.ts";
import { finding, type Finding, type PartTarget } from "../../../stack/index.ts";
import type { Writing } from "../engine/row.ts";
import type { BindingOutcome } from "../pass.ts";
import { MadeMembers, type Membership } from "./members.ts";

export interface GoogleContext {
  /** Google's credentials, and endpoints other than its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** How long one look at a provider serves all bindings of its trust, in milliseconds. */
const maxProviderAge = 45_000;
/** How long a policy read is reused: another party's change is seen within this time and a pass. */
const maxMemberAge = 240_000;
const maxMembers = 20_000;

/** The audience of tokens for a trust's provider. */
export function audienceOf(trust: GoogleTrust): string {
  return trust.audience ?? providerAudience(trust, "https:");
}

/** The source of statements about a trust's project. */
export const fromOf = ({ projectNumber }: Pick<GoogleTrust, "projectNumber">): string =>
  `Google project ${projectNumber}`;

/** Whether an error is about Google, and not about the cluster or podtrust. */
export function isGoogles(error: unknown): error is PodtrustError {
  return error instanceof PodtrustError && error.code.startsWith("gcp-");
}

/** What an error of Google's means. */
export function googleFinding({ code, message, next }: PodtrustError, from: string): Finding {
  const reason = code === "gcp-service-account-absent" ? "GoogleAccountMissing" : "GoogleNotAsked";
  return finding(reason, { seen: message, from, next, code });
}

/** Errors of Google, for the engine of bindings. */
export const googleErrors = {
  vendor: "Google",
  isVendors: isGoogles,
  trouble: googleFinding,
  late: (message: string): PodtrustError => new PodtrustError("gcp-unreachable", message),
} as const;

/** How a provider differs from what a trust says, as the ends of sentences. */
function differences(provider: ProviderState, trust: GoogleTrust): readonly string[] {
  const { issuerUri, attributeMapping, allowedAudiences } = provider;
  const subject = attributeMapping["google.subject"] ?? "nothing";
  const audience = audienceOf(trust);
  const takes =
    allowedAudiences.length === 0 ? trust.audience === undefined : allowedAudiences.includes(audience);
  return [
    ...(issuerUri === trust.issuer ? [] : [`trusts ${issuerUri}, and not ${trust.issuer}`]),
    // Any other mapping would give a member to a subject other than the one the binding names.
    ...(subject === "assertion.sub"
      ? []
      : [`maps google.subject from ${subject}, and not from assertion.sub`]),
    ...(takes ? [] : [`does not take the audience ${audience}`]),
  ];
}

/** How a member is added or removed. */
type MemberWork = Pick<Writing, "assertHeld" | "signal">;

const memberKey = ({ projectNumber, pool }: PoolName, { email, subject }: Membership): string =>
  JSON.stringify([projectNumber, pool, email, subject]);

/** The projects of all trusts, with one set of credentials. */
export class GoogleProjects {
  /** Members that this process added for bindings. */
  readonly made = new MadeMembers();
  readonly #context: GoogleContext;
  readonly #opened: SharedAnswers<OpenedGoogle>;
  readonly #providers: SharedAnswers<Finding>;
  readonly #members: SharedAnswers<Observed<MemberState>>;

  constructor(context: GoogleContext) {
    const { clock } = context;
    this.#context = context;
    this.#opened = new SharedAnswers(clock, Infinity);
    this.#providers = new SharedAnswers(clock, maxProviderAge, 1000);
    this.#members = new SharedAnswers(clock, maxMemberAge, maxMembers);
  }

  #open(signal: AbortSignal): Promise<OpenedGoogle> {
    const { env, clock } = this.#context;
    return this.#opened.of("", signal, () => openGoogle({ env }, clock));
  }

  async #api(signal: AbortSignal): Promise<GoogleApi> {
    return (await this.#open(signal)).api;
  }

  /** Where a trust's members are, and which principal asks Google. Throws `gcp-endpoint` and `gcp-credentials-*`. */
  async place(trust: GoogleTrust, signal: AbortSignal): Promise<PartTarget> {
    const { caller, elsewhere } = await this.#open(signal);
    const at = elsewhere === undefined ? "" : ` at ${elsewhere}`;
    return { where: `${fromOf(trust)}, pool ${trust.pool}, provider ${trust.provider}${at}`, caller };
  }

  /** The service account that podtrust itself asks Google as, or another caller in words. Throws `gcp-*`. */
  async caller(signal: AbortSignal): Promise<string> {
    return (await this.#open(signal)).caller;
  }

  /** The state of the pool and the provider of a trust. Throws `gcp-*`. */
  provider(trust: GoogleTrust, signal: AbortSignal): Promise<Finding> {
    const { issuer, projectNumber, pool, provider, audience } = trust;
    const key = JSON.stringify([issuer, projectNumber, pool, provider, audience]);
    return this.#providers.of(key, signal, (own) => this.#look(trust, own));
  }

  async #look(trust: GoogleTrust, signal: AbortSignal): Promise<Finding> {
    const api = await this.#api(signal);
    const from = fromOf(trust);
    const pool = (await listPools(api, trust.projectNumber, signal)).find(({ id }) => id === trust.pool);
    const all = pool === undefined ? [] : await listProviders(api, trust, signal);
    const provider = all.find(({ id }) => id === trust.provider);
    const name = `provider ${trust.provider} of pool ${trust.pool}`;
    if (pool === undefined || provider === undefined)
      return finding("PoolProviderMissing", { seen: `there is no ${name}`, from });
    const both = [pool, provider];
    if (both.some(({ state }) => state === "DELETED"))
      return finding("PoolProviderMissing", { seen: `the ${name}, or its pool, was deleted`, from });
    if (both.some((one) => closedMarkOf(one) !== undefined))
      return finding("ClosedAfterTheft", { seen: `the ${name}, or its pool, is closed after a theft`, from });
    if (both.some(({ disabled }) => disabled))
      return finding("PoolProviderDisabled", { seen: `the ${name}, or its pool, is disabled`, from });
    const wrong = differences(provider, trust);
    if (wrong.length > 0)
      return finding("PoolProviderDrift", { seen: `the ${name} ${wrong.join(", and ")}`, from });
    return finding("PoolProviderFound", { seen: `the ${name} trusts ${trust.issuer}`, from });
  }

  /**
   * Adds a ServiceAccount's one principal to the policy of a service account; all else there stays. `assertHeld` is called
   * before anything is changed. Returns what was changed; throws `gcp-*` if it could not be.
   */
  async grant(trust: PoolName, member: Membership, work: MemberWork): Promise<BindingOutcome["changes"]> {
    // Recorded first: a pass that is cut off may have added it.
    this.made.add(trust, member);
    return this.#apply(trust, member, await this.plannedGrant(trust, member, work.signal), work);
  }

  /** Takes that principal out; otherwise as `grant`. */
  async revoke(trust: PoolName, member: Membership, work: MemberWork): Promise<BindingOutcome["changes"]> {
    const changes = await this.#apply(
      trust,
      member,
      await this.#plannedRevocation(trust, member, work),
      work,
    );
    this.made.forget(trust, member);
    return changes;
  }

  /** What would be changed to let a ServiceAccount in. Throws `gcp-*`. */
  async plannedGrant(trust: PoolName, member: Membership, signal: AbortSignal): Promise<Plan> {
    const { resource, seen } = await this.#observed(trust, member, [member.subject], signal);
    return planOf({ desired: [resource], seen }, signal);
  }

  async #plannedRevocation(trust: PoolName, member: Membership, { signal }: MemberWork): Promise<Plan> {
    // An older look is no proof that a right is already gone.
    this.#members.forget(memberKey(trust, member));
    const { resource, seen } = await this.#observed(trust, member, [], signal);
    return planOf({ desired: [], owned: [resource], goal: "absent", seen }, signal);
  }

  async #observed(
    trust: PoolName,
    { email, subject }: Membership,
    subjects: readonly string[],
    signal: AbortSignal,
  ) {
    const resource = memberResource(await this.#api(signal), { name: trust, email, subjects, only: subject });
    const key = memberKey(trust, { email, subject });
    const observed = await this.#members.of(key, signal, (own) => resource.read(own, noInputs));
    return { resource, seen: new Map([[resource.id, observed]]) };
  }

  async #apply(
    trust: PoolName,
    member: Membership,
    plan: Plan,
    { signal, assertHeld }: MemberWork,
  ): Promise<BindingOutcome["changes"]> {
    if (plan.changes.every(({ kind }) => kind === "none")) return [];
    assertHeld();
    try {
      const { done, failed } = await applyPlan(plan, { signal });
      signal.throwIfAborted();
      if (failed[0] !== undefined) throw failed[0].error;
      return done;
    } finally {
      this.#members.forget(memberKey(trust, member));
    }
  }

  /** Subjects of a trust's pool that a service account lets in by name; none if it does not exist. Throws `gcp-*`. */
  async subjectsIn(trust: GoogleTrust, email: string, signal: AbortSignal): Promise<readonly string[]> {
    const resource = memberResource(await this.#api(signal), { name: trust, email, subjects: [] });
    const observed = await resource.read(signal, noInputs);
    const start = principalOf(trust, "").length;
    return observed.exists ? observed.state.principals.map((one) => one.slice(start)) : [];
  }

  /** Exchanges a token as a workload does. Throws `gcp-*` if Google gave no answer of its own. */
  exchange(
    trust: GoogleTrust,
    asked: { readonly jwt: string; readonly email?: string },
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { env, clock } = this.#context;
    return tryExchange(exchangeEndpoints(env), { name: trust, ...asked }, clock, signal);
  }
}
