import {
  type Clock,
  defined,
  type JsonRecord,
  PodtrustError,
  recordOf,
  textOf,
} from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import {
  type BoundKind,
  type BoundParty,
  partyNames,
  type StatusCondition,
} from "../../rules/bindings/index.ts";
import {
  type Controller,
  type KeySource,
  followedAs,
  namespaceOf,
  type Reconcile,
  type ReconcileResult,
} from "../controller/index.ts";
import type { ControllerTools } from "../index.ts";
import { ClusterView, followBindings, headOf } from "./cluster-view.ts";
import type { PartyPasses } from "./party.ts";
import type {
  BindingEvent,
  BindingFacts,
  BindingOutcome,
  ClusterClients,
  CountedTrust,
  GrantRoom,
} from "./pass.ts";
import { soon, trustNameOf } from "./status.ts";

/** What the controllers of bindings and trusts work with, of one relying party. */
export interface PartyControllersOptions {
  readonly api: ClusterClients["cluster"];
  readonly clock: Clock;
  readonly bindings: KeySource;
  /** The trust that a binding names, as it was last seen; undefined where there is no such binding. */
  readonly trustOf: (key: string) => string | undefined;
  readonly trusts: KeySource;
  /** ServiceAccounts: of the same keys as their bindings. */
  readonly accounts: KeySource;
  /** A ServiceAccount as it was last seen: its uid and our annotations. Absent: each pass reads it. */
  readonly accountOf?: (key: string) => JsonRecord | undefined;
  /** Shown each binding by the watch. Absent: every grant has room, and each attempt reads its binding. */
  readonly view?: ClusterView;
  /** Says something on an object, as an Event. */
  readonly report: (object: KubernetesObject, event: BindingEvent) => Promise<void>;
}

const nowhere: ReconcileResult = {};

/** What passes by itself, whichever relying party it is about. Everything else waits for a person. */
const passing: readonly Reason[] = [
  "ClusterNotReady",
  "ClusterUnreachable",
  "LookFailed",
  "TokenRequestFailed",
];

/** What a pass judged by, and with which reason it failed: another generation of binding or trust begins again. */
function causeOf({ object, trust }: Pick<BindingFacts, "object" | "trust">, reason: Reason): string {
  const versions = [object, trust].flatMap((one) => [one?.metadata.uid, one?.metadata.generation]);
  return JSON.stringify([...versions, reason]);
}

const readyOf = ({ conditions }: Pick<BindingOutcome, "conditions">): StatusCondition | undefined =>
  conditions.find(({ type }) => type === "Ready");

/** How a pass ended, for the queue and for the metrics of what is not Ready. */
function resultOf(outcome: Pick<BindingOutcome, "againIn" | "conditions">): ReconcileResult {
  const [ready, { againIn }] = [readyOf(outcome), outcome];
  if (againIn === undefined) return nowhere;
  const isMet = ready === undefined || ready.status === "True";
  return { againAfterMs: againIn, ...(isMet ? {} : { unmet: ready.reason }) };
}

/** The same of a binding, which may be stuck until a person mends it. `waited`: what passes by itself. */
function bindingResult(
  facts: Pick<BindingFacts, "object" | "trust">,
  outcome: Pick<BindingOutcome, "againIn" | "conditions">,
  waited: readonly Reason[],
): ReconcileResult {
  const [ready, result] = [readyOf(outcome), resultOf(outcome)];
  if (outcome.againIn !== soon || ready === undefined || result.unmet === undefined) return result;
  return waited.includes(ready.reason) ? result : { ...result, stuckOn: causeOf(facts, ready.reason) };
}

/** Of ServiceAccounts those that have a binding: of the others there are many. One that comes later is seen by itself. */
function boundAccounts(
  { accounts, accountOf, trustOf }: PartyControllersOptions,
  view: ClusterView,
): KeySource {
  // Called in any case: a write of ours is remembered until it is asked for once, also after its binding is gone.
  const matters = (key: string): boolean =>
    !view.isOwnWrite(key, accountOf?.(key)) && trustOf(key) !== undefined;
  return followedAs(accounts, (key) => (matters(key) ? [key] : []));
}

/** Bindings whose roles someone else has changed: a look for one binding shows the changes of all. */
function drifting(subscribe: PartyPasses<never, never>["drifting"]): KeySource {
  return {
    synced: true,
    untilSynced: () => Promise.resolve(),
    keys: () => [],
    subscribe: (changed) => subscribe(changed),
  };
}

function bindingController<OwnClients extends object, Leftovers>(
  row: PartyPasses<OwnClients, Leftovers>,
  options: PartyControllersOptions,
): Controller {
  const { api, clock, bindings, trusts, accountOf, report } = options;
  const { view = new ClusterView(api, clock) } = options;
  trusts.subscribe((name) => view.trustChanged(name));
  const passes = new BindingPasses(api, row, view);
  const waited = [...passing, ...row.passing];
  return {
    name: `bindings${partyNames[row.party].suffix}`,
    // Most of a pass is waiting for the relying party, whose pace all passes share.
    concurrency: 16,
    // One tenant, however much fails in its namespaces, leaves the other half to the others.
    perShare: 8,
    shareOf: (key) => view.shareOf(namespaceOf(key)),
    follows: [
      bindings,
      boundAccounts(options, view),
      followedAs(trusts, () => bindings.keys()),
      drifting(row.drifting),
    ],
    async reconcile(key, run) {
      const { signal } = run;
      let result = nowhere;
      await passes.have(key, run, async (object, clients) => {
        const deletedFor = view.deletedFor(key, object);
        if (object === undefined) return undefined;
        const trust = await view.trust(trustNameOf(object), signal);
        const room = (one: CountedTrust): GrantRoom => view.roomOf(one, key);
        const facts = { object, trust, account: accountOf?.(key), deletedFor, room };
        const ended = await row.binding(facts, clients, clock, signal);
        for (const event of ended.events) {
          const onTrust = row.reportedOnTrust.includes(event.reason) ? trust : undefined;
          await report(onTrust ?? object, event);
        }
        result = bindingResult(facts, ended, waited);
        return ended;
      });
      return result;
    },
  };
}

function trustController<OwnClients extends object, Leftovers>(
  row: PartyPasses<OwnClients, Leftovers>,
  options: PartyControllersOptions,
): Controller {
  const { api, clock, bindings, trusts, trustOf, report } = options;
  const { trust: names, suffix } = partyNames[row.party];
  /** By the trusts' names. */
  const leftovers = new Map<string, Leftovers>();
  const leftoversOf = (key: string): Leftovers => {
    const known = leftovers.get(key) ?? row.leftovers();
    leftovers.set(key, known);
    return known;
  };
  return {
    name: `trusts${suffix}`,
    follows: [trusts, followedAs(bindings, () => trusts.keys())],
    async reconcile(key, run) {
      const { signal } = run;
      const object = await api.read({ kind: names.kind, name: key }, { signal });
      const there = new Set(trusts.keys());
      for (const name of leftovers.keys()) if (!there.has(name)) leftovers.delete(name);
      if (object === undefined) return nowhere;
      const naming = [...bindings.keys()].filter((one) => trustOf(one) === key);
      const facts = { object, bindings: new Set(naming), leftovers: leftoversOf(key) };
      const outcome = await row.trust(facts, { ...heldClients(api, run), ...row.clients }, clock, signal);
      for (const event of outcome.events) await report(object, event);
      return resultOf(outcome);
    },
  };
}

/** Says something of a binding or a trust beside it. */
function eventReporter({ events }: Pick<ControllerTools, "events">) {
  return (object: KubernetesObject, { type, reason, message }: BindingEvent): Promise<void> => {
    const { name, namespace, uid } = recordOf(object["metadata"]);
    const regarding = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: String(name),
      ...defined({ namespace: textOf(namespace), uid: textOf(uid) }),
    };
    return events.record({ regarding, type, reason, action: "Reconcile", note: message });
  };
}

/** What the controllers of a relying party's bindings work with in an operator, which follows them for it. */
export function followedBy(
  { api, clock, accounts, follow, ...tools }: ControllerTools,
  party: BoundParty,
  view: ClusterView,
): PartyControllersOptions {
  const bindings = followBindings(party, follow, view);
  return {
    api,
    clock,
    bindings,
    // Asked of a thousand at a time: the view has it at hand, where a mirror parses what it keeps.
    trustOf: (key) => view.trustOf(key) ?? bindings.get(key)?.trust,
    trusts: follow({ kind: partyNames[party].trust.kind, keep: headOf }),
    accounts,
    accountOf: (key) => accounts.get(key),
    view,
    report: eventReporter(tools),
  };
}

/** The controllers of a relying party's bindings and trusts. */
export function partyControllers<OwnClients extends object, Leftovers>(
  row: PartyPasses<OwnClients, Leftovers>,
  options: PartyControllersOptions,
): readonly Controller[] {
  return [bindingController(row, options), trustController(row, options)];
}

/** What is done with a binding, which may not be there, and what comes of it. */
export type BindingWork<OwnClients> = (
  object: KubernetesObject | undefined,
  clients: ClusterClients & OwnClients,
) => Promise<BindingOutcome | undefined>;

/** So soon a pass has to come, in milliseconds, that the binding as it was left is kept for it. */
const soonAgain = 20_000;

/** Something was to be changed for a binding that may have changed since it was seen. */
class Unconfirmed extends Error {}

/** What a pass found of its binding. */
interface Expected {
  readonly kind: string;
  /** Absent where it was read. */
  readonly version: string | undefined;
}

/**
 * The same clients, whose first write of the binding finds it as `expected` or is refused, and by which nothing is changed at
 * a relying party before that. `left`: called with the binding after each write.
 */
function conditional(
  clients: ClusterClients,
  expected: Expected,
  left: (object: KubernetesObject) => void,
): ClusterClients {
  const { cluster } = clients;
  let resourceVersion = expected.version;
  return {
    ...clients,
    assertHeld() {
      if (resourceVersion !== undefined) throw new Unconfirmed("the binding is to be read first");
      clients.assertHeld?.();
    },
    cluster: {
      ...cluster,
      async apply(object, options) {
        if (object.kind !== expected.kind) return cluster.apply(object, options);
        const first = defined({ resourceVersion });
        const written = await cluster.apply(
          { ...object, metadata: { ...object.metadata, ...first } },
          options,
        );
        resourceVersion = undefined;
        left(written);
        return written;
      },
    },
  };
}

/** Whether the binding has changed since it was seen, or may have. */
function isStale(error: unknown): boolean {
  if (error instanceof Unconfirmed) return true;
  return (
    error instanceof PodtrustError &&
    (error.code === "cluster-conflict" || error.code === "cluster-not-found")
  );
}

/** What of a row passes of bindings begin with. */
type RowOfPasses<OwnClients extends object> = Pick<PartyPasses<OwnClients, unknown>, "clients" | "party">;

/**
 * Passes of bindings. Each begins with the binding as it was just seen, where it was: that spares every second call of the
 * API server. Nothing is changed at a relying party before a write has found the binding so; where it does not, or there is nothing
 * to write first, the pass is had again with the binding read.
 */
export class BindingPasses<OwnClients extends object> {
  readonly #api: ClusterClients["cluster"];
  readonly #row: RowOfPasses<OwnClients>;
  readonly #view: ClusterView;

  constructor(api: ClusterClients["cluster"], row: RowOfPasses<OwnClients>, view: ClusterView) {
    this.#api = api;
    this.#row = row;
    this.#view = view;
  }

  get #kind(): BoundKind {
    return partyNames[this.#row.party].binding.kind;
  }

  async have(
    key: string,
    run: Reconcile,
    work: BindingWork<OwnClients>,
  ): Promise<BindingOutcome | undefined> {
    const seen = this.#view.take(key);
    if (seen !== undefined) {
      try {
        return await this.#have(seen, seen.metadata.resourceVersion, run, work);
      } catch (error) {
        if (!isStale(error)) throw error;
      }
    }
    const [namespace = "", name = ""] = key.split("/");
    const object = await this.#api.read({ kind: this.#kind, namespace, name }, { signal: run.signal });
    return this.#have(object, undefined, run, work);
  }

  async #have(
    object: KubernetesObject | undefined,
    version: string | undefined,
    run: Reconcile,
    work: BindingWork<OwnClients>,
  ): Promise<BindingOutcome | undefined> {
    let left: KubernetesObject | undefined;
    const held = heldClients(this.#api, run, this.#view);
    const clients = conditional(held, { kind: this.#kind, version }, (written) => (left = written));
    const outcome = await work(object, { ...clients, ...this.#row.clients });
    if (left !== undefined && (outcome?.againIn ?? Infinity) <= soonAgain) this.#view.keep(left);
    return outcome;
  }
}

/** The clients of a pass, which write only while this process holds the lease. `view`: shown the ServiceAccounts that they write. */
function heldClients(
  api: ClusterClients["cluster"],
  { assertHeld }: Reconcile,
  view?: ClusterView,
): ClusterClients {
  const apply: KubernetesApi["apply"] = (object, options) => {
    assertHeld();
    if (object.kind === "ServiceAccount") view?.writes(object);
    return api.apply(object, options);
  };
  return {
    assertHeld,
    cluster: {
      server: api.server,
      read: (ref, options) => api.read(ref, options),
      removeFinalizer(...args) {
        assertHeld();
        return api.removeFinalizer(...args);
      },
      requestToken: (...args) => api.requestToken(...args),
      apply,
    },
  };
}
