import { type Clock, mapLimit, type PodtrustError } from "../../../core/base/index.ts";
import {
  type AzureTrust,
  type AzureTrustGroup,
  readAzureTrust,
} from "../../../rules/bindings/azure/index.ts";
import { finding } from "../../../stack/index.ts";
import type { TrustFactsOf, TrustOutcome } from "../pass.ts";
import type { LeavingScope } from "../scopes.ts";
import { foundOf, isKept, problemsText, soon } from "../status.ts";
import { isGoing, type TrustJudgement, trustPass } from "../trust-pass.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import { type LeftCredentials, standingIn } from "./leftovers.ts";
import type { IdentityClients } from "./rights.ts";
import type { BoundTenant } from "./tenants.ts";

/** How often drift is looked for, in milliseconds: each identity's credentials are a separate list at Azure. */
export const identityInterval = 300_000;

/** What the operator knows of an AzureTrust at the start of its pass. */
export type AzureTrustFacts = TrustFactsOf<LeftCredentials>;

interface TrustPass {
  readonly facts: AzureTrustFacts;
  readonly clients: IdentityClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a group that leaves the trust still has of its bindings. */
async function leavingGroup(
  tenant: BoundTenant,
  trust: AzureTrust,
  scope: AzureTrustGroup,
  signal: AbortSignal,
): Promise<LeavingScope> {
  try {
    return { scope, standing: await standingIn(tenant, trust, scope, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return { scope, standing: error };
  }
}

/** What is left in groups of the trust, and why one could not be read or cleared. */
async function swept(
  { facts, clients, clock, signal }: TrustPass,
  tenant: BoundTenant,
  trust: AzureTrust,
): Promise<Pick<TrustJudgement, "events"> & { readonly failure?: PodtrustError }> {
  const isAsked = facts.bindings.size === 0 && isKept(facts.object);
  const about = { known: facts.bindings, isGoing: isGoing(facts), isAsked };
  try {
    return { events: await facts.leftovers.sweep(tenant, trust, { clients, clock, signal, ...about }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return { events: [], failure: error };
  }
}

async function asked(pass: TrustPass, tenant: BoundTenant, trust: AzureTrust): Promise<TrustJudgement> {
  const { facts, signal } = pass;
  const { gone, groups: here, leaving: scopes } = trust;
  const looks = await mapLimit(scopes, (scope) => leavingGroup(tenant, trust, scope, signal));
  const leaving = isGoing(facts) ? looks.filter(({ standing }) => !Array.isArray(standing)) : looks;
  // What could not be looked at is told of by itself, and the rest is swept.
  const readable = scopes.filter((_, index) => Array.isArray(looks[index]?.standing));
  const { events, failure } = await swept(pass, tenant, { ...trust, groups: [...here, ...readable] });
  const isEmpty = !facts.leftovers.areThere && leaving.length === 0;
  // Nothing was ever made where podtrust could not look, but what the status has already.
  const looked = { events, scopes: { here: failure === undefined ? here : [], leaving, gone } };
  if (failure !== undefined) return { ...looked, ...trouble(trust, failure) };
  const groups = here.map(({ resourceGroup }) => resourceGroup).join(", ");
  const seen = `identities of ${groups} and their federated credentials may be read`;
  const ready = foundOf("Ready", finding("AzureGroupsFound", { seen, from: fromOf(trust) }));
  const isSeen = !isGoing(facts) || isEmpty;
  return { ...looked, ready, againIn: isGoing(facts) ? soon : identityInterval, isSeen };
}

const fromOf = ({ tenant }: Pick<AzureTrust, "tenant">): string => `Azure tenant ${tenant}`;

/** A pass that Azure did not let look. */
function trouble(
  trust: AzureTrust,
  error: PodtrustError,
): Pick<TrustJudgement, "againIn" | "isSeen" | "ready"> {
  return { ready: foundOf("Ready", azureTrouble(error, fromOf(trust))), againIn: soon, isSeen: false };
}

async function judged(pass: TrustPass): Promise<TrustJudgement> {
  const { facts, clients, signal } = pass;
  const read = readAzureTrust(facts.object);
  if ("problems" in read) {
    const ready = { type: "Ready", reason: "BindingInvalid", message: problemsText(read.problems) } as const;
    return { ready, events: [], againIn: identityInterval, isSeen: true };
  }
  const trust = read.object;
  try {
    return await asked(pass, await clients.azure.of(trust, signal), trust);
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    const leaving = trust.leaving.map((scope) => ({ scope, standing: error }));
    const scopes = { here: [], leaving, gone: trust.gone };
    return { ...trouble(trust, error), events: [], scopes };
  }
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
