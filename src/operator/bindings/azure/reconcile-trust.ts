import type { Clock } from "../../../core/base/index.ts";
import { type AzureTrust, readAzureTrust } from "../../../rules/bindings/azure/index.ts";
import { finding } from "../../../stack/index.ts";
import type { TrustFactsOf, TrustOutcome } from "../pass.ts";
import { foundOf, isKept, problemsText, soon } from "../status.ts";
import { isGoing, type TrustJudgement, trustPass } from "../trust-pass.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import type { LeftCredentials } from "./leftovers.ts";
import type { IdentityClients } from "./pass.ts";
import { identityInterval } from "./status.ts";

/** What the operator knows of an AzureTrust at the start of its pass. */
export type AzureTrustFacts = TrustFactsOf<LeftCredentials>;

interface TrustPass {
  readonly facts: AzureTrustFacts;
  readonly clients: IdentityClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function asked(pass: TrustPass, trust: AzureTrust): Promise<TrustJudgement> {
  const { facts, clients, clock, signal } = pass;
  const from = `Azure tenant ${trust.tenant}`;
  try {
    const tenant = await clients.azure.of(trust, signal);
    const isAsked = facts.bindings.size === 0 && isKept(facts.object);
    const about = { known: facts.bindings, isGoing: isGoing(facts), isAsked };
    const sweep = { clients, clock, signal, ...about };
    const events = await facts.leftovers.sweep(tenant, trust, sweep);
    const groups = trust.groups.map(({ resourceGroup }) => resourceGroup).join(", ");
    const seen = `identities of ${groups} and their federated credentials may be read`;
    const ready = foundOf("Ready", finding("AzureGroupsFound", { seen, from }));
    const isSeen = !isGoing(facts) || !facts.leftovers.areThere;
    return { ready, events, againIn: isGoing(facts) ? soon : identityInterval, isSeen };
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return { ready: foundOf("Ready", azureTrouble(error, from)), events: [], againIn: soon, isSeen: false };
  }
}

function judged(pass: TrustPass): Promise<TrustJudgement> {
  const read = readAzureTrust(pass.facts.object);
  if ("object" in read) return asked(pass, read.object);
  const message = problemsText(read.problems);
  const ready = { type: "Ready", reason: "BindingInvalid", message } as const;
  return Promise.resolve({ ready, events: [], againIn: identityInterval, isSeen: true });
}

/**
 * One pass of an AzureTrust: checks that podtrust may read its resource groups and what is left there of deleted
 * bindings, and keeps the trust while bindings name it or credentials of some are left: they are found only through it.
 * Throws if its status cannot be written.
 */
export async function reconcileAzureTrust(
  facts: AzureTrustFacts,
  clients: IdentityClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrustOutcome> {
  return trustPass(facts, clients, { clock, signal }, () => judged({ facts, clients, clock, signal }));
}
