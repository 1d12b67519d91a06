import { asPodtrustError, type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import {
  earlierRolesAnnotation,
  readTrust,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { BoundAccount } from "./account/account.ts";
import { awsFinding, finding, type Finding } from "../../stack/index.ts";
import { isKept, passInterval, problemsText, soon } from "./status.ts";
import { isHolding, type Leftovers, type StuckRole, type Unclaimed } from "./leftovers.ts";
import type { LeavingScope } from "./scopes.ts";
import { providerFinding } from "./prove.ts";
import type { BindingClients, BindingEvent, TrustFactsOf, TrustOutcome } from "./pass.ts";
import { isGoing, type TrustJudgement, trustPass } from "./trust-pass.ts";

/** What the operator knows of an AWSTrust at the start of its pass. */
export type TrustFacts = TrustFactsOf<Leftovers>;

async function accountFinding(account: BoundAccount, signal: AbortSignal): Promise<Finding> {
  try {
    const wrong = await providerFinding(account, signal);
    const from = `IAM of account ${account.account.account}`;
    return wrong ?? finding("ProviderFound", { seen: account.providerArn, from });
  } catch (error) {
    signal.throwIfAborted();
    return awsFinding(asPodtrustError(error), `AWS account ${account.account.account}`);
  }
}

/** Maximum age of a look at an account that lets its trust be deleted, in milliseconds. */
const fresh = 2000;

/** Since when the cluster has a trust, in milliseconds since the epoch; undefined if older roles may be deleted as well. */
function beginOf({ metadata }: KubernetesObject): number | undefined {
  if (metadata.annotations?.[earlierRolesAnnotation] === "true") return undefined;
  const begin = Date.parse(String(metadata.creationTimestamp));
  return Number.isNaN(begin) ? undefined : begin;
}

const unclaimedEvent = ({ arn, binding }: Unclaimed): BindingEvent => ({
  type: "Warning",
  reason: "RoleUnclaimed",
  message: `${arn} is older than this AWSTrust and carries the mark of ${binding}, which is not here: it stays until that comes back, or ${earlierRolesAnnotation}=true lets it be deleted`,
});

const stuckEvent = ({ arn, error }: StuckRole): BindingEvent => ({
  type: "Warning",
  reason: "RoleKept",
  message: `${arn}: its binding is gone, and it could not be changed: ${error.message}`,
});

/** Result of a look at the leftovers of some accounts. */
interface Swept {
  readonly events: readonly BindingEvent[];
  /** Why an account could not be read or cleared, by its id. */
  readonly failures: ReadonlyMap<string, PodtrustError>;
}

async function swept(
  trust: Trust,
  facts: TrustFacts,
  accounts: readonly BoundAccount[],
  { clients, now, signal }: { clients: BindingClients; now: number; signal: AbortSignal },
): Promise<Swept> {
  const { leftovers, bindings } = facts;
  const events: BindingEvent[] = [];
  const failures = new Map<string, PodtrustError>();
  for (const account of accounts) {
    const { account: id } = account.account;
    try {
      const assertHeld = (): void => clients.assertHeld?.();
      const oldest = bindings.size === 0 && isKept(facts.object) ? { oldest: fresh } : {};
      const begin = defined({ begin: beginOf(facts.object) });
      const sweep = { api: clients.cluster, known: bindings, now, signal, assertHeld, ...oldest, ...begin };
      const goes = isGoing(facts);
      const { gone, unclaimed, stuck, failure } = goes
        ? await leftovers.close(trust, account, sweep)
        : await leftovers.sweep(trust, account, sweep);
      if (failure !== undefined) failures.set(id, failure);
      const done = goes ? "closed, its binding and its AWSTrust are gone" : "deleted, its binding is gone";
      for (const arn of gone) events.push({ type: "Normal", reason: "RoleKept", message: `${arn}: ${done}` });
      events.push(...unclaimed.map(unclaimedEvent), ...stuck.map(stuckEvent));
    } catch (error) {
      signal.throwIfAborted();
      // What AWS does not answer now is retried in a minute.
      if (!(error instanceof PodtrustError)) throw error;
      failures.set(id, error);
    }
  }
  return { events, failures };
}

/** What an account that leaves the trust still has of its bindings. */
async function leavingAccount(
  trust: Trust,
  scope: TrustAccount,
  { clients, signal }: { clients: BindingClients; signal: AbortSignal },
): Promise<LeavingScope> {
  try {
    const roles = await clients.aws.of(trust, scope).trusting(signal);
    return { scope, standing: roles.filter(({ tags }) => isHolding(trust, tags)).map(({ arn }) => arn) };
  } catch (error) {
    signal.throwIfAborted();
    return { scope, standing: asPodtrustError(error) };
  }
}

async function judged(
  facts: TrustFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal,
): Promise<TrustJudgement> {
  const read = readTrust(facts.object);
  if ("problems" in read) {
    const message = problemsText(read.problems);
    return { ready: { reason: "BindingInvalid", message }, events: [], againIn: passInterval, isSeen: true };
  }
  const trust = read.object;
  const accounts = trust.accounts.map((account) => clients.aws.of(trust, account));
  const findings = await Promise.all(accounts.map((account) => accountFinding(account, signal)));
  const first = findings.find(({ outcome }) => outcome !== "ok") ?? findings[0];
  const at = { clients, now: clock.elapsed(), signal };
  const leave = trust.leaving.map((account) => clients.aws.of(trust, account));
  const { events, failures } = await swept(trust, facts, [...accounts, ...leave], at);
  const leaving = await Promise.all(trust.leaving.map((scope) => leavingAccount(trust, scope, at)));
  // Nothing was ever made where podtrust could not look, but what the status has already.
  const here = trust.accounts.filter(({ id }) => !failures.has(id));
  return {
    ready: { reason: first?.reason ?? "LookFailed", message: first?.seen ?? "" },
    events,
    againIn: first?.outcome !== "ok" || isGoing(facts) ? soon : passInterval,
    isSeen: failures.size === 0,
    scopes: { here, leaving, gone: trust.gone },
  };
}

/**
 * One pass of a trust: checks the issuer's OIDC provider in each account and what is left there of deleted bindings,
 * also in accounts that leave the trust, and keeps the trust while bindings name it or roles of some are left. Throws if its status cannot be written.
 */
export async function reconcileTrust(
  facts: TrustFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrustOutcome> {
  return trustPass(facts, clients, { clock, signal }, () => judged(facts, clients, clock, signal));
}
