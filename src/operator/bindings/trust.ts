import { asPodtrustError, type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import {
  type StatusCondition,
  type ConditionContent,
  earlierRolesAnnotation,
  readTrust,
  type Trust,
} from "../../rules/bindings/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { BoundAccount } from "./account/index.ts";
import { awsFinding, finding, type Finding } from "../../stack/index.ts";
import { isKept, keep, passInterval, soon, trustEnded } from "./status.ts";
import type { Leftovers, Unclaimed } from "./leftovers.ts";
import { providerFinding } from "./prove.ts";
import type { TrustSeen } from "./party.ts";
import type { BindingClients, BindingEvent } from "./pass.ts";

/** What the operator knows of a trust when its pass comes. */
export interface TrustFacts extends TrustSeen {
  /** Of this trust alone. */
  readonly leftovers: Leftovers;
}

/** How a pass of a trust ended. */
export interface TrustOutcome {
  readonly conditions: readonly StatusCondition[];
  readonly events: readonly BindingEvent[];
  /** When it wants another pass, in milliseconds; undefined: never, it is gone. */
  readonly againIn: number | undefined;
}

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

/** So old a look at an account may be, in milliseconds, after which its trust need not stay. */
const fresh = 2000;

/** Whether a trust is being deleted, and no binding names it any more. */
const isGoing = ({ object, bindings }: TrustFacts): boolean =>
  object.metadata.deletionTimestamp !== undefined && bindings.size === 0;

/**
 * Keeps a trust while bindings name it, and while roles are left of bindings that are gone: without it nobody could find
 * them any more. `isSeen`: whether every account was looked at; of one that was not nobody knows. Gives whether the trust
 * is gone.
 */
async function released(
  facts: TrustFacts,
  isSeen: boolean,
  { cluster }: BindingClients,
  signal: AbortSignal,
): Promise<boolean> {
  const { object, bindings, leftovers } = facts;
  if (bindings.size > 0 || !isSeen) return false;
  await keep(cluster, object, !isGoing(facts) && leftovers.areThere, signal);
  return isGoing(facts);
}

/** Since when the cluster has a trust, in milliseconds since the epoch; undefined where its older roles may go as well. */
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

/** What a look at the leftovers of all accounts came to. */
interface Swept {
  readonly events: readonly BindingEvent[];
  /** Why an account could not be seen, or not be cleared. */
  readonly failure?: PodtrustError;
}

async function swept(
  trust: Trust,
  facts: TrustFacts,
  accounts: readonly BoundAccount[],
  { clients, now, signal }: { clients: BindingClients; now: number; signal: AbortSignal },
): Promise<Swept> {
  const { leftovers, bindings } = facts;
  const events: BindingEvent[] = [];
  let failure: PodtrustError | undefined;
  for (const account of accounts) {
    try {
      const assertHeld = (): void => clients.assertHeld?.();
      const oldest = bindings.size === 0 && isKept(facts.object) ? { oldest: fresh } : {};
      const begin = defined({ begin: beginOf(facts.object) });
      const sweep = { api: clients.cluster, known: bindings, now, signal, assertHeld, ...oldest, ...begin };
      const goes = isGoing(facts);
      const { gone, unclaimed } = goes
        ? { gone: await leftovers.close(trust, account, sweep), unclaimed: [] }
        : await leftovers.sweep(trust, account, sweep);
      const done = goes ? "closed, its binding and its AWSTrust are gone" : "deleted, its binding is gone";
      for (const arn of gone) events.push({ type: "Normal", reason: "RoleKept", message: `${arn}: ${done}` });
      events.push(...unclaimed.map(unclaimedEvent));
    } catch (error) {
      signal.throwIfAborted();
      // What AWS does not answer now is looked for again in a minute.
      if (!(error instanceof PodtrustError)) throw error;
      failure ??= error;
    }
  }
  return { events, ...defined({ failure }) };
}

/** What a trust that was read, or not, came to. */
interface TrustJudgement extends Pick<TrustOutcome, "events"> {
  readonly ready: Pick<ConditionContent, "reason" | "message">;
  readonly againIn: number;
  /** Whether every account was looked at, or nobody knows where to look. */
  readonly isSeen: boolean;
}

async function judged(
  facts: TrustFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal,
): Promise<TrustJudgement> {
  const read = readTrust(facts.object);
  if ("problems" in read) {
    const message = read.problems.map((one) => `${one.path} ${one.message}`).join("; ");
    return { ready: { reason: "BindingInvalid", message }, events: [], againIn: passInterval, isSeen: true };
  }
  const accounts = read.object.accounts.map((account) => clients.aws.of(read.object, account));
  const findings = await Promise.all(accounts.map((account) => accountFinding(account, signal)));
  const first = findings.find(({ outcome }) => outcome !== "ok") ?? findings[0];
  const { events, failure } = await swept(read.object, facts, accounts, {
    clients,
    now: clock.elapsed(),
    signal,
  });
  return {
    ready: { reason: first?.reason ?? "LookFailed", message: first?.seen ?? "" },
    events,
    againIn: first?.outcome !== "ok" || isGoing(facts) ? soon : passInterval,
    isSeen: failure === undefined,
  };
}

/**
 * One pass of a trust: whether the issuer's OIDC provider stands in each of its accounts, what is left there of bindings
 * that are gone, and that the trust stays while bindings name it or roles are left of some. Throws what keeps its status from
 * being written.
 */
export async function reconcileTrust(
  facts: TrustFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrustOutcome> {
  const { object, bindings } = facts;
  const over = { conditions: [], events: [], againIn: undefined };
  if (isGoing(facts) && !isKept(object)) return over;
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  if (!isEnding && bindings.size > 0) await keep(clients.cluster, object, true, signal);
  const { ready, events, againIn, isSeen } = await judged(facts, clients, clock, signal);
  if (await released(facts, isSeen, clients, signal)) return { ...over, events };
  const at = { now: clock.now(), signal };
  return { conditions: await trustEnded(clients.cluster, facts, ready, at), events, againIn };
}
