import { type Clock, PodtrustError, SharedAnswers } from "../../../core/base/index.ts";
import {
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
import { principalOf, providerAudience } from "../../../rules/gcp/index.ts";
import { applyPlan, noInputs, type Observed, type Plan, planOf } from "../../../rules/plan/index.ts";
import { finding, type Finding, type PartTarget } from "../../../stack/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { MadeMembers, type Membership } from "./members.ts";

export interface GoogleContext {
  /** Google's credentials, and other endpoints than its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** So long one look at a provider serves all bindings of its trust, in milliseconds. */
const maxProviderAge = 45_000;
/** So long a policy is taken to be as it was seen: what somebody else changes in it is seen within this and a pass. */
const maxMemberAge = 240_000;
const maxMembers = 20_000;

/** The audience of tokens for a trust's provider. */
export function audienceOf(trust: GoogleTrust): string {
  return trust.audience ?? providerAudience(trust, "https:");
}

/** Where what is said of a trust's project comes from. */
export const fromOf = ({ projectNumber }: Pick<GoogleTrust, "projectNumber">): string =>
  `Google project ${projectNumber}`;

/** Whether an error says something about Google, and not about the cluster or podtrust. */
export function isGoogles(error: unknown): error is PodtrustError {
  return error instanceof PodtrustError && error.code.startsWith("gcp-");
}

/** What an error of Google's means. */
export function googleFinding({ code, message, next }: PodtrustError, from: string): Finding {
  const reason = code === "gcp-service-account-absent" ? "GoogleAccountMissing" : "GoogleNotAsked";
  return finding(reason, { seen: message, from, next, code });
}

/** In what a provider is not as a trust has it, as the ends of sentences. */
function differences(provider: ProviderState, trust: GoogleTrust): readonly string[] {
  const { issuerUri, attributeMapping, allowedAudiences } = provider;
  const subject = attributeMapping["google.subject"] ?? "nothing";
  const audience = audienceOf(trust);
  const takes =
    allowedAudiences.length === 0 ? trust.audience === undefined : allowedAudiences.includes(audience);
  return [
    ...(issuerUri === trust.issuer ? [] : [`trusts ${issuerUri}, and not ${trust.issuer}`]),
    // Any other mapping would give a member to somebody else than whom the binding names.
    ...(subject === "assertion.sub"
      ? []
      : [`maps google.subject from ${subject}, and not from assertion.sub`]),
    ...(takes ? [] : [`does not take the audience ${audience}`]),
  ];
}

/** How a member is brought to be there, or not. */
interface MemberWork {
  readonly signal: AbortSignal;
  readonly assertHeld: () => void;
}

const memberKey = ({ projectNumber, pool }: GoogleTrust, { email, subject }: Membership): string =>
  JSON.stringify([projectNumber, pool, email, subject]);

/** The projects of all trusts, by one set of credentials. */
export class GoogleProjects {
  /** What bindings had made by this process. */
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
    return this.#opened.of("", signal, () => openGoogle(env, clock));
  }

  async #api(signal: AbortSignal): Promise<GoogleApi> {
    return (await this.#open(signal)).api;
  }

  /** Where a trust's members are, and as whom Google is asked. Throws `gcp-endpoint` and `gcp-credentials-*`. */
  async place(trust: GoogleTrust, signal: AbortSignal): Promise<PartTarget> {
    const { caller, elsewhere } = await this.#open(signal);
    const at = elsewhere === undefined ? "" : ` at ${elsewhere}`;
    return { where: `${fromOf(trust)}, pool ${trust.pool}, provider ${trust.provider}${at}`, caller };
  }

  /** How it stands with the pool and the provider of a trust. Throws `gcp-*`. */
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
    if (both.some(({ disabled }) => disabled))
      return finding("PoolProviderDisabled", { seen: `the ${name}, or its pool, is disabled`, from });
    const wrong = differences(provider, trust);
    if (wrong.length > 0)
      return finding("PoolProviderDrift", { seen: `the ${name} ${wrong.join(", and ")}`, from });
    return finding("PoolProviderFound", { seen: `the ${name} trusts ${trust.issuer}`, from });
  }

  /**
   * Has a service account let a ServiceAccount in, or not: by its one principal in the service account's own policy. All else
   * there stays. `assertHeld` is asked before something is changed. Gives what was changed; throws `gcp-*` where it was not.
   */
  async settle(
    trust: GoogleTrust,
    member: Membership,
    letsIn: boolean,
    work: MemberWork,
  ): Promise<BindingOutcome["changes"]> {
    // Before it is made: a pass that is cut off may have made it.
    if (letsIn) this.made.add(trust, member);
    const changes = await this.#settle(trust, member, letsIn, work);
    if (!letsIn) this.made.forget(trust, member);
    return changes;
  }

  /** What would be changed to have a service account let a ServiceAccount in, or not. Throws `gcp-*`. */
  async planned(
    trust: GoogleTrust,
    { email, subject }: Membership,
    letsIn: boolean,
    signal: AbortSignal,
  ): Promise<Plan> {
    const api = await this.#api(signal);
    const spec = { name: trust, email, subjects: letsIn ? [subject] : [], only: subject };
    const resource = memberResource(api, spec);
    const key = memberKey(trust, { email, subject });
    // A right that is to end is not taken to be gone by what was seen before.
    if (!letsIn) this.#members.forget(key);
    const observed = await this.#members.of(key, signal, (own) => resource.read(own, noInputs));
    const seen = new Map([[resource.id, observed]]);
    return planOf(
      letsIn ? { desired: [resource], seen } : { desired: [], owned: [resource], goal: "absent", seen },
      signal,
    );
  }

  async #settle(
    trust: GoogleTrust,
    member: Membership,
    letsIn: boolean,
    { signal, assertHeld }: MemberWork,
  ): Promise<BindingOutcome["changes"]> {
    const plan = await this.planned(trust, member, letsIn, signal);
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

  /** Subjects of a trust's pool that a service account lets in by name; none where it is not there. Throws `gcp-*`. */
  async subjectsIn(trust: GoogleTrust, email: string, signal: AbortSignal): Promise<readonly string[]> {
    const resource = memberResource(await this.#api(signal), { name: trust, email, subjects: [] });
    const observed = await resource.read(signal, noInputs);
    const start = principalOf(trust, "").length;
    return observed.exists ? observed.state.principals.map((one) => one.slice(start)) : [];
  }

  /** Exchanges a token as a workload does. Throws `gcp-*` where Google gave no answer of its own. */
  exchange(
    trust: GoogleTrust,
    asked: { readonly jwt: string; readonly email?: string },
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { env, clock } = this.#context;
    return tryExchange(exchangeEndpoints(env), { name: trust, ...asked }, clock, signal);
  }
}
