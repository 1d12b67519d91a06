import { defined, PodtrustError, recordOf, recordsOf, textOf, isoSeconds } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import {
  apiVersion,
  bindingsManager,
  type StatusCondition,
  conditionOf,
  type FieldProblem,
  type GrantRefusal,
  kindOf,
  partyNames,
  type TrustScope,
  type ConditionContent,
} from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { digestOf } from "../../rules/plan/index.ts";
import type { Finding } from "../../stack/index.ts";
import type { AnyPass, BindingEvent, BindingOutcome, StatusHead, ObservedTrust } from "./pass.ts";

/** The conditions of an object as the API gives them; only podtrust may write them. */
function conditionsOf(object: KubernetesObject): readonly StatusCondition[] {
  return recordsOf(recordOf(object["status"])["conditions"]) as unknown as readonly StatusCondition[];
}

/** What every binding's status has, as the API gives it; only podtrust may write it. */
export function statusHead(object: KubernetesObject): StatusHead {
  const status = recordOf(object["status"]);
  const [lastProof, changedAt] = [textOf(status["lastProof"]), textOf(status["changedAt"])];
  const { observedGeneration } = status;
  const observedTrust = textOf(status["observedTrust"]);
  return {
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
    ...defined({ observedTrust, lastProof, changedAt }),
    conditions: conditionsOf(object),
  };
}

/** NAMESPACE/NAME of an object, the key of queue and mirrors. */
export function keyOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}

/** The trust that a binding's object names. */
export function trustNameOf(binding: KubernetesObject): string {
  return textOf(recordOf(binding["spec"])["trust"]) ?? "";
}

/**
 * Identity and spec of an object that was read, as UID/GENERATION: a new object of the same name differs, and so does a
 * new spec.
 */
export function versionOf({ metadata: { uid = "", generation = 0 } }: KubernetesObject): string {
  return `${uid}/${generation}`;
}

/** So long a proof counts, in milliseconds. */
export const proofEvery = 3_600_000;
// A time further in the future than clocks of one cluster differ says nothing.
const maxAhead = 36_000;

/**
 * Age of a time of day that another machine wrote (a replica, or a cloud), in milliseconds by our clock, which may
 * differ: a time that is missing or far in the future is infinitely old.
 */
export function ageOf({ clock }: Pick<AnyPass, "clock">, time: number): number {
  const age = clock.now() - time;
  return age >= -maxAhead ? Math.max(0, age) : Infinity;
}

/** Whether the last proof still counts: it is from this hour, and nothing was changed since. */
export function isProofFresh(pass: AnyPass, changed: boolean): boolean {
  const { facts, status } = pass;
  const { lastProof, observedGeneration, conditions } = status;
  const ready = conditions.find(({ type }) => type === "Ready");
  return (
    !changed &&
    ready?.status === "True" &&
    observedGeneration === facts.object.metadata.generation &&
    ageOf(pass, Date.parse(lastProof ?? "")) < proofEvery
  );
}

/** The part of an object that identifies it: with the uid, applying never recreates a deleted object. */
export function sameObject(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: object.kind === "ServiceAccount" ? "v1" : apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...defined({ namespace, uid }),
    },
  };
}

export type StateApi = Pick<KubernetesApi, "apply" | "read" | "removeFinalizer">;

/** Writes a status if it differs from the current one. */
export async function writeStatus(
  api: StateApi,
  object: KubernetesObject,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  const before = recordOf(object["status"]);
  if (digestOf(before) === digestOf(JSON.parse(JSON.stringify(status)))) return;
  const options = { fieldManager: bindingsManager, force: true, subresource: "status", signal } as const;
  await api.apply({ ...sameObject(object), status }, options);
}

/**
 * The same for a status that several passes write: none loses what another one has written since it read the object.
 * Throws `cluster-conflict`.
 */
export async function rewriteStatus(
  api: StateApi,
  object: KubernetesObject,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  const { resourceVersion } = object.metadata;
  const apply: StateApi["apply"] = (written, options) =>
    api.apply({ ...written, metadata: { ...written.metadata, ...defined({ resourceVersion }) } }, options);
  await writeStatus({ ...api, apply }, object, status, signal);
}

/** The finalizer of bindings and trusts of a kind. */
function finalizerOf({ kind }: KubernetesObject): string {
  const row = Object.values(partyNames).find(({ binding, trust }) =>
    [binding.kind, trust.kind].some((one) => one === kind),
  );
  if (row === undefined) throw new TypeError(`${kind} is no kind of bindings`);
  return row.finalizer;
}

/** Whether an object is being deleted. */
export function isEnding({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Whether the trust of a binding is being deleted: its finalizer holds it until it no longer allows anything. */
export function isTrustEnding({ facts }: Pick<AnyPass, "facts">): boolean {
  return facts.trust !== undefined && isEnding(facts.trust);
}

/** Whether the deletion of an object waits for podtrust. */
export function isKept(object: KubernetesObject): boolean {
  return object.metadata.finalizers?.includes(finalizerOf(object)) === true;
}

/**
 * Sets the finalizer, which keeps an object until its dependents are gone, or removes it: also one that the API
 * server's policy set, or that was copied from another object.
 */
export async function keep(
  api: StateApi,
  object: KubernetesObject,
  kept: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (isKept(object) === kept) return;
  const finalizer = finalizerOf(object);
  if (!kept) return api.removeFinalizer(object, finalizer, { signal });
  const same = sameObject(object);
  await api.apply(
    { ...same, metadata: { ...same.metadata, finalizers: [finalizer] } },
    { fieldManager: `${bindingsManager}-finalizer`, force: true, signal },
  );
}

/** How often drift is looked for, in milliseconds: at AWS by a look at the whole account that all bindings share. */
export const passInterval = 60_000;

/** Problems of a relying party or the cluster are retried sooner. */
export const soon = 5000;

/**
 * A trust as it is now, with what others wrote into its status. Throws `cluster-conflict` if it is not the one that was
 * read, or its spec has changed: the pass is had again.
 */
export async function readAgain(
  api: Pick<StateApi, "read">,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const { name } = object.metadata;
  const kind = kindOf(object);
  const there = kind && (await api.read({ kind, name }, { signal }));
  if (there !== undefined && versionOf(there) === versionOf(object)) return there;
  throw new PodtrustError("cluster-conflict", `${object.kind} ${name} has changed since it was read`);
}

/** A finding as a condition of this type. */
export function foundOf(type: string, { reason, seen }: Finding): ConditionContent {
  return { type, reason, message: seen };
}

const waited: readonly Reason[] = [
  "CredentialPending",
  "CredentialSettling",
  "MemberSettling",
  "RolePending",
  "RoleSettling",
];

const eventsOf = (before: StatusHead, conditions: readonly StatusCondition[]): readonly BindingEvent[] =>
  conditions.flatMap((now): BindingEvent[] => {
    const stood = before.conditions.find(({ type }) => type === now.type);
    if (stood?.status === now.status && stood.reason === now.reason) return [];
    const { type, status, reason, message } = now;
    // Holds for a while for everything that is made.
    if (waited.includes(reason)) return [];
    // For lasting states, only their end is worth an Event.
    if (status === "True") return type === "Ready" ? [{ type: "Normal", reason, message }] : [];
    // Not knowing something yet is no warning.
    return [{ type: status === "Unknown" ? "Normal" : "Warning", reason, message }];
  });

/** What every pass writes into the status. */
export interface PassEnding {
  readonly found: readonly ConditionContent[];
  readonly proved?: string;
  readonly changedAt?: string;
  readonly changes?: BindingOutcome["changes"];
  /** How messages name what was updated without a request; absent if nothing was. */
  readonly drift?: Reason;
  readonly againIn: number;
}

/** Changes by others that were reverted: not what a new binding or grant asks for. */
function driftEvents(
  before: StatusHead,
  now: Pick<StatusHead, "observedGeneration" | "observedTrust">,
  { changes = [], drift: reason }: Pick<PassEnding, "changes" | "drift">,
): readonly BindingEvent[] {
  const repaired = changes.filter(({ kind }) => kind === "update");
  const isAsked =
    before.observedGeneration !== now.observedGeneration ||
    before.observedTrust !== now.observedTrust ||
    // A process that ended while it was made has left a half of it.
    before.conditions.some((one) => one.type === "Ready" && one.reason === "RolePending");
  if (reason === undefined || repaired.length === 0 || isAsked) return [];
  const fields = repaired.flatMap((one) => one.fields.map(({ field }) => field));
  return [{ type: "Warning", reason, message: `repaired: ${fields.join(", ")}` }];
}

/** Writes the outcome of a pass into the status, with the relying party's own part, and returns it. */
export async function endedWith(pass: AnyPass, ending: PassEnding, own: object): Promise<BindingOutcome> {
  const { facts, clients, clock, signal, status } = pass;
  const { found, changes = [], againIn } = ending;
  const generation = facts.object.metadata.generation ?? 0;
  const at = { now: clock.now(), generation };
  const conditions = found.map((one) => conditionOf(one, status.conditions, at));
  const lastProof = ending.proved ?? status.lastProof;
  const changedAt = ending.changedAt ?? status.changedAt;
  const observedTrust = pass.cutBy ?? status.observedTrust;
  const next: StatusHead = {
    observedGeneration: generation,
    ...own,
    conditions,
    ...defined({ observedTrust, lastProof, changedAt }),
  };
  await writeStatus(clients.cluster, facts.object, next, signal);
  const drift = driftEvents(status, next, ending);
  return { conditions, events: [...drift, ...eventsOf(status, conditions)], changes, againIn };
}

/** Everything that is wrong with an object, as the end of a sentence. */
export const problemsText = (problems: readonly FieldProblem[]): string =>
  problems.map(({ path, message }) => `${path} ${message}`).join("; ");

/** When something was changed last at the relying party for a binding. */
export function changedAtOf({ clock, status }: AnyPass, isChanged: boolean): string | undefined {
  return isChanged ? isoSeconds(clock.now()) : status.changedAt;
}

/** Conditions of a binding that gets nothing: `Granted` and `Ready` say why. */
export function nothingGranted(why: GrantRefusal): readonly ConditionContent[] {
  return ["Granted", "Ready"].map((type): ConditionContent => ({ type, ...why }));
}

/** What a pass of a trust writes into its status. */
export interface TrustEnding {
  readonly found: readonly ConditionContent[];
  /** What its relying party remembers, seen against the status as it is now. */
  readonly own: (status: Readonly<Record<string, unknown>>) => object;
}

/** Writes what a pass of a trust found into its status, and returns the conditions, and what is new among them. */
export async function trustEnded(
  api: StateApi,
  { object, bindings }: ObservedTrust,
  { found, own }: TrustEnding,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<Pick<BindingOutcome, "conditions" | "events">> {
  // Passes of bindings write there, too.
  const there = await readAgain(api, object, signal);
  const at = { now, generation: object.metadata.generation ?? 0 };
  const before = conditionsOf(there);
  const conditions = found.map((one) => conditionOf(one, before, at));
  const status = {
    observedGeneration: at.generation,
    bindings: bindings.size,
    ...own(recordOf(there["status"])),
    conditions,
  };
  await rewriteStatus(api, there, status, signal);
  const others = conditions.filter(({ type }) => type !== "Ready");
  return { conditions, events: eventsOf({ conditions: before }, others) };
}

/** Scopes as a trust's status has them, with what is needed to reach them. */
export const scopesIn = ({ scopes }: Readonly<Record<string, unknown>>): readonly TrustScope[] =>
  recordsOf(scopes) as readonly unknown[] as readonly TrustScope[];

/** Scopes with these ones as they are now. */
export const withScopes = (
  before: readonly TrustScope[],
  now: readonly TrustScope[],
): readonly TrustScope[] => [...before.filter(({ id }) => now.every((one) => one.id !== id)), ...now];

/**
 * Has the trust of a pass stay, and its status remember these scopes, before anything is made there: a trust that loses
 * a scope, or is deleted, still says how what stands there is reached. Throws `cluster-conflict` if the trust has
 * changed since it was read.
 */
export async function remember(
  { clients: { cluster }, facts: { trust }, signal }: AnyPass,
  scopes: readonly TrustScope[],
): Promise<void> {
  if (trust === undefined) return;
  const isKnown = (object: KubernetesObject): boolean => {
    const known = new Set(scopesIn(recordOf(object["status"])).map(digestOf));
    return scopes.every((one) => known.has(digestOf(one)));
  };
  await keep(cluster, trust, true, signal);
  if (isKnown(trust)) return;
  const now = await readAgain(cluster, trust, signal);
  if (isKnown(now)) return;
  const status = recordOf(now["status"]);
  await rewriteStatus(cluster, now, { ...status, scopes: withScopes(scopesIn(status), scopes) }, signal);
}
