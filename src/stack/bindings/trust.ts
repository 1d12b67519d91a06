import { asPodtrustError, type Clock, PodtrustError } from "../../base/index.ts";
import { type Condition, conditionOf, type Found, readTrust, type Trust } from "../../bindings/index.ts";
import type { KubernetesObject } from "../../kubernetes/index.ts";
import type { BoundAccount } from "../parts/index.ts";
import { awsFinding, finding, type Finding } from "../status/index.ts";
import { usualTurn } from "./ending.ts";
import type { Leftovers } from "./leftovers.ts";
import { soon } from "./prove.ts";
import { providerFinding } from "./provider.ts";
import { conditionsOf, isKept, keep, writeStatus } from "./state.ts";
import type { BindingClients, BindingEvent } from "./turn.ts";

/** What the operator knows of a trust when its turn comes. */
export interface TrustFacts {
  readonly object: KubernetesObject;
  /** The bindings that name it, as NAMESPACE/NAME. */
  readonly bindings: ReadonlySet<string>;
  /** Of this trust alone. */
  readonly leftovers: Leftovers;
}

/** How a turn of a trust ended. */
export interface TrustOutcome {
  readonly conditions: readonly Condition[];
  readonly events: readonly BindingEvent[];
  /** When it wants another turn, in milliseconds; undefined: never, it is gone. */
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

/** Keeps a trust while bindings name it: without it nobody could find their roles any more. Gives whether it is gone. */
async function kept(
  { object, bindings }: TrustFacts,
  { cluster }: BindingClients,
  signal: AbortSignal,
): Promise<boolean> {
  const ends = object.metadata.deletionTimestamp !== undefined;
  if (!ends || bindings.size > 0) {
    if (!ends) await keep(cluster, object, bindings.size > 0, signal);
    return false;
  }
  if (isKept(object)) await keep(cluster, object, false, signal);
  return true;
}

async function swept(
  trust: Trust,
  { leftovers, bindings }: TrustFacts,
  accounts: readonly BoundAccount[],
  { clients, now, signal }: { clients: BindingClients; now: number; signal: AbortSignal },
): Promise<readonly BindingEvent[]> {
  const events: BindingEvent[] = [];
  for (const account of accounts) {
    try {
      const gone = await leftovers.sweep(trust, account, {
        api: clients.cluster,
        known: bindings,
        now,
        signal,
        assertHeld: () => clients.assertHeld?.(),
      });
      for (const arn of gone)
        events.push({ type: "Normal", reason: "RoleKept", message: `${arn}: deleted, its binding is gone` });
    } catch (error) {
      signal.throwIfAborted();
      // What AWS does not answer now is looked for again in a minute.
      if (!(error instanceof PodtrustError)) throw error;
    }
  }
  return events;
}

/**
 * One turn of a trust: whether the issuer's OIDC provider stands in each of its accounts, what is left there of bindings
 * that are gone, and that the trust stays while bindings name it. Throws what keeps its status from being written.
 */
export async function reconcileTrust(
  facts: TrustFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrustOutcome> {
  const { object, bindings } = facts;
  if (await kept(facts, clients, signal)) return { conditions: [], events: [], againIn: undefined };
  const read = readTrust(object);
  const before = conditionsOf(object);
  const at = { now: clock.now(), generation: object.metadata.generation ?? 0 };
  let found: Found;
  let events: readonly BindingEvent[] = [];
  let againIn = usualTurn;
  if ("problems" in read) {
    const message = read.problems.map((one) => `${one.path} ${one.message}`).join("; ");
    found = { type: "Ready", reason: "BindingInvalid", message };
  } else {
    const accounts = read.object.accounts.map((account) => clients.aws.of(read.object, account));
    const findings = await Promise.all(accounts.map((account) => accountFinding(account, signal)));
    const first = findings.find(({ outcome }) => outcome !== "ok") ?? findings[0];
    found = { type: "Ready", reason: first?.reason ?? "LookFailed", message: first?.seen ?? "" };
    if (first?.outcome !== "ok") againIn = soon;
    events = await swept(read.object, facts, accounts, { clients, now: clock.elapsed(), signal });
  }
  const conditions = [conditionOf(found, before, at)];
  const status = { observedGeneration: at.generation, bindings: bindings.size, conditions };
  await writeStatus(clients.cluster, object, status, signal);
  return { conditions, events, againIn };
}
