import { type Clock, defined, isoSeconds } from "../../../core/base/index.ts";
import { boundCredentialName } from "../../../providers/azure/index.ts";
import {
  type AzureBinding,
  type AzureTrust,
  decideIdentity,
  type GrantedIdentity,
  mayKeepIdentity,
  readAzureBinding,
  readAzureTrust,
} from "../../../rules/bindings/azure/index.ts";
import {
  bindingMark,
  type ConditionContent,
  conditionOf,
  goneRefusal,
  type GrantRefusal,
  partyNames,
} from "../../../rules/bindings/index.ts";
import type { BindingFacts, BindingOutcome } from "../pass.ts";
import {
  changedAtOf,
  foundOf,
  isEnding,
  isTrustEnding,
  keep,
  problemsText,
  soon,
  trustNameOf,
  versionOf,
  writeStatus,
  remember,
} from "../status.ts";
import { annotatedIdentity } from "./annotation.ts";
import { type CutIdentities, cutIdentities, deleteIdentity, reachable } from "./cut.ts";
import { azureTrouble, isAzures } from "./finding.ts";
import type { IdentityClients, IdentityPass, IdentityStatus } from "./pass.ts";
import { pairOf, placeOf, sameId } from "./identity-ref.ts";
import { readyFinding } from "./prove.ts";
import { removeIdentityBinding } from "./removal.ts";
import { ended, identityStatusOf, refused } from "./status.ts";
import { pending, type SyncedIdentity, syncedIdentity, waiting } from "./sync.ts";
import type { BoundTenant } from "./tenants.ts";
import type { GrantedBinding } from "./desired-identity.ts";

const { trust: trustNames } = partyNames.azure;

/** A trust without the grants that have no room. */
const without = (trust: AzureTrust, names: ReadonlySet<string>): AzureTrust => ({
  ...trust,
  grants: trust.grants.filter(({ name }) => !names.has(name)),
});

/** The grants that have no room for identities of the binding's own, which are counted like roles of AWS. */
const roomIn = ({ facts }: IdentityPass, { name, grants }: AzureTrust) =>
  facts.room?.({ name, grants: grants.map((one) => ({ ...one, maxRoles: one.maxIdentities })) });

/** Those that have no room for what it has, or for what it asks for. */
function fullGrants(pass: IdentityPass, trust: AzureTrust): ReadonlySet<string> {
  const room = roomIn(pass, trust);
  return new Set([...(room?.heldBeyond ?? []), ...(room?.wantedBeyond ?? [])]);
}

function fullMessage({ name, grants }: AzureTrust, full: ReadonlySet<string>): string {
  const which = grants
    .filter((one) => full.has(one.name))
    .map((one) => `grant ${one.name} gives ${one.maxIdentities} managed identities`);
  return `${which.join(", ")} (maxIdentities of ${trustNames.kind} ${name}), and older bindings have them`;
}

/** What a binding gets of a trust, or why it gets nothing. */
type Decided = { readonly binding: AzureBinding; readonly identity: GrantedIdentity } | GrantRefusal;

function decided(pass: IdentityPass, trust: AzureTrust | undefined): Decided {
  const read = readAzureBinding(pass.facts.object);
  if ("problems" in read) return { reason: "BindingInvalid", message: problemsText(read.problems) };
  const binding = read.object;
  if (isTrustEnding(pass)) {
    const message = `${trustNames.kind} ${binding.trust} is being deleted, and grants nothing any more`;
    return { reason: "NamespaceNotGranted", message };
  }
  const whole = decideIdentity(binding, trust);
  if (whole.kind === "refused") {
    const message = whole.refusals.map((one) => one.message).join("; ");
    return { reason: whole.refusals[0]?.reason ?? "TrustMissing", message };
  }
  const gone = goneRefusal(pass.facts.trust, [whole.identity.group]);
  if (gone !== undefined) return gone;
  if (trust === undefined || !whole.identity.managed) return { binding, identity: whole.identity };
  const full = fullGrants(pass, trust);
  const bounded = decideIdentity(binding, without(trust, full));
  if (bounded.kind === "granted") return { binding, identity: bounded.identity };
  return { reason: "GrantFull", message: fullMessage(trust, full) };
}

/** Whether nothing that decides the cut has changed since the last complete one. */
function isCutBefore({ facts, status }: IdentityPass): boolean {
  return (
    status.observedGeneration === facts.object.metadata.generation &&
    status.observedTrust !== undefined &&
    status.observedTrust === (facts.trust && versionOf(facts.trust))
  );
}

function grantedBy({ name }: AzureTrust, { grant }: GrantedIdentity): ConditionContent {
  const message = `by grant ${grant} of ${trustNames.kind} ${name}`;
  return { type: "Granted", reason: "BindingGranted", message };
}

/** What the status has of the identity, and of the binding's earlier ones. */
const listed = (
  granted: IdentityStatus,
  { left }: CutIdentities,
  gone: readonly string[] = [],
): readonly IdentityStatus[] => [granted, ...left.filter(({ id }) => !gone.includes(id))];

/**
 * Records in the status which identity is about to get a credential: a binding that is deleted or changed while its
 * pass is cut off is still known to have it. Returns the pass to continue with.
 */
async function announced(
  pass: IdentityPass,
  { trust, binding, identity }: GrantedBinding,
  cut: CutIdentities,
): Promise<IdentityPass> {
  const { facts, clients, clock, status, signal } = pass;
  const stood = status.identities.find(({ id }) => sameId(id, identity.resourceId));
  if (stood?.credential !== undefined) return pass;
  const credential = boundCredentialName(trust.stack, pairOf(trust, binding));
  const about = { ...stood, id: identity.resourceId, managed: identity.managed, credential };
  const at = { now: clock.now(), generation: facts.object.metadata.generation ?? 0 };
  const first = [grantedBy(trust, identity), foundOf("Ready", pending)];
  const conditions =
    status.conditions.length > 0 ? status.conditions : first.map((one) => conditionOf(one, [], at));
  const next = { ...status, identities: listed(about, cut), conditions };
  await writeStatus(clients.cluster, facts.object, next, signal);
  return { ...pass, status: next };
}

/** Deletes identities that were made for the binding and that it no longer wants; returns those that are gone. */
async function deleteSurplus(
  pass: IdentityPass,
  tenant: BoundTenant,
  { trust, binding }: GrantedBinding,
  { left }: CutIdentities,
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const { id, managed, credential } of left) {
    if (!managed || credential !== undefined) continue;
    try {
      const stays = await deleteIdentity(pass, tenant, { id, mark: bindingMark(trust, binding) });
      if (stays === undefined) gone.push(id);
    } catch (error) {
      pass.signal.throwIfAborted();
      // It lets nobody in any more; the next pass tries again.
      if (!isAzures(error)) throw error;
    }
  }
  return gone;
}

async function bind(
  before: IdentityPass,
  tenant: BoundTenant,
  granted: GrantedBinding,
  cut: CutIdentities,
): Promise<BindingOutcome> {
  const { facts, clients, signal, clock } = before;
  const { trust, binding, identity } = granted;
  await keep(clients.cluster, facts.object, true, signal);
  await remember(before, [identity.group]);
  const pass = await announced(before, granted, cut);
  const sync: SyncedIdentity = await syncedIdentity(pass, tenant, granted, isCutBefore(before));
  const changes = [...cut.changes, ...sync.changes];
  const changed = changes.length > 0;
  const changedAt = changedAtOf(pass, changed);
  const found: ConditionContent[] = [grantedBy(trust, identity), foundOf("IdentityInSync", sync.finding)];
  const gone = sync.finding.outcome === "ok" ? await deleteSurplus(pass, tenant, granted, cut) : [];
  const more = { identities: listed(sync.status, cut, gone), changes, ...defined({ changedAt }) };
  if (sync.finding.outcome !== "ok" || sync.state === undefined) {
    const againIn = sync.wait > 0 ? sync.wait : soon;
    return ended(pass, { ...more, found: [...found, foundOf("Ready", sync.finding)], againIn });
  }
  const { clientId } = sync.state;
  const { tenant: id, cloud } = trust;
  const account = await annotatedIdentity(pass, { clientId, tenant: id, cloud });
  found.push(foundOf("ServiceAccount", account.finding));
  const isRight = account.finding.outcome === "ok";
  // Entra says whether the ServiceAccount gets in anyway; without a token it cannot be asked.
  if (!isRight && !account.there)
    return ended(pass, { ...more, found: [...found, foundOf("Ready", account.finding)], againIn: soon });
  const proving = { binding, trust, tenant, clientId, name: identity.name };
  const ready = await readyFinding(pass, proving, { changed, changedAt });
  return ended(pass, {
    ...more,
    found: [...found, isRight ? ready.found : foundOf("Ready", account.finding)],
    againIn: isRight ? ready.againIn : soon,
    ...(ready.isProof ? { proved: isoSeconds(clock.now()) } : {}),
  });
}

type Stays = (had: IdentityStatus) => boolean;

const isThat =
  ({ resourceId }: GrantedIdentity): Stays =>
  ({ id }) =>
    sameId(id, resourceId);

/** Of a binding that is refused, or cannot be read: what a grant allows stays, as at AWS. */
function mayStand(pass: IdentityPass, trust: AzureTrust): Stays {
  if (isTrustEnding(pass)) return () => false;
  const { namespace = "", name: account } = pass.facts.object.metadata;
  // As at AWS: a count takes only where the trust was changed since, and no act of another binding does that.
  const isLowered = pass.status.observedTrust !== (pass.facts.trust && versionOf(pass.facts.trust));
  const held = isLowered ? roomIn(pass, trust)?.heldBeyond : undefined;
  const granting = held === undefined ? trust : without(trust, held);
  return ({ id, managed }) => {
    const { group, name } = placeOf(id);
    return mayKeepIdentity(granting, { namespace, name: account }, { ...group, name, managed });
  };
}

/** A pass with a readable trust: what no grant allows is removed first, whatever comes of the rest. */
async function byTrust(pass: IdentityPass, trust: AzureTrust, one: Decided): Promise<BindingOutcome> {
  const tenant = await pass.clients.azure.of(trust, pass.signal);
  const stays = "identity" in one ? isThat(one.identity) : mayStand(pass, trust);
  const cut = await cutIdentities(
    pass,
    tenant,
    reachable(trust, pass.status.identities).filter((had) => !stays(had)),
  );
  const kept = pass.status.identities.filter(stays);
  const more = {
    identities: [...kept, ...cut.left],
    changes: cut.changes,
    ...defined({ changedAt: changedAtOf(pass, cut.changes.length > 0) }),
  };
  const [failure] = cut.failures;
  if (failure !== undefined || cut.wait > 0) {
    const from = `Azure tenant ${trust.tenant}`;
    const stops = failure === undefined ? waiting : azureTrouble(failure, from);
    return ended(pass, {
      ...more,
      found: [foundOf("Ready", stops)],
      againIn: failure === undefined ? cut.wait : soon,
    });
  }
  const cutBy = pass.facts.trust && versionOf(pass.facts.trust);
  const done: IdentityPass = { ...pass, ...defined({ cutBy }) };
  return "identity" in one ? bind(done, tenant, { ...one, trust }, cut) : refused(done, one, more);
}

async function passOf(pass: IdentityPass): Promise<BindingOutcome> {
  const { trust: object } = pass.facts;
  const read = object === undefined ? undefined : readAzureTrust(object);
  if (read !== undefined && "problems" in read) {
    const message = `${trustNames.kind} ${trustNameOf(pass.facts.object)}: ${problemsText(read.problems)}`;
    return refused(pass, { reason: "BindingInvalid", message });
  }
  const one = decided(pass, read?.object);
  if (read !== undefined) return byTrust(pass, read.object, one);
  return refused(pass, "identity" in one ? { reason: "TrustMissing", message: "" } : one);
}

/**
 * One pass of an AzureIdentityBinding: brings Azure, the ServiceAccount and the binding's status to what the binding
 * says and a grant allows, and proves it by asking Entra as the ServiceAccount. May be cut off anywhere and repeated.
 * Throws if the status cannot be written, and the signal's reason.
 */
export async function reconcileIdentity(
  facts: BindingFacts,
  clients: IdentityClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<BindingOutcome> {
  const pass: IdentityPass = { facts, clients, clock, signal, status: identityStatusOf(facts.object) };
  if (isEnding(facts.object)) return removeIdentityBinding(pass);
  try {
    return await passOf(pass);
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return ended(pass, { found: [foundOf("Ready", azureTrouble(error, "Azure"))], againIn: soon });
  }
}
