import { type Clock, type JsonRecord, PodtrustError, type Reason } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { StatusCondition, Trust } from "../../rules/bindings/index.ts";
import {
  type Controller,
  type KeySource,
  followedAs,
  namespaceOf,
  type Reconcile,
  type ReconcileResult,
} from "../controller/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import { ClusterView } from "./cluster-view.ts";
import { Leftovers } from "./leftovers.ts";
import { soon } from "./prove.ts";
import { reconcileBinding } from "./reconcile.ts";
import { trustNameOf } from "./status.ts";
import { reconcileTrust } from "./trust.ts";
import type { BindingClients, BindingEvent, BindingFacts, BindingOutcome, GrantRoom } from "./pass.ts";

/** What the controllers of bindings and trusts work with. */
export interface BindingControllersOptions {
  readonly api: BindingClients["cluster"];
  readonly aws: BoundAccounts;
  readonly clock: Clock;
  readonly bindings: KeySource;
  /** The AWSTrust that a binding names, as it was last seen; undefined where there is no such binding. */
  readonly trustOf: (key: string) => string | undefined;
  readonly trusts: KeySource;
  /** ServiceAccounts: of the same keys as their bindings. */
  readonly accounts: KeySource;
  /** A ServiceAccount as it was last seen: its uid and our annotations. Absent: each pass reads it. */
  readonly accountOf?: (key: string) => JsonRecord | undefined;
  /** Shown bindings by whoever watches them. Absent: every grant has room, and each attempt reads its binding. */
  readonly view?: ClusterView;
  /** Says something on an object, as an Event. */
  readonly report: (object: KubernetesObject, event: BindingEvent) => Promise<void>;
}

const nowhere: ReconcileResult = {};

/** What passes by itself: each try may be the one that succeeds. Everything else waits for a person. */
const passing: ReadonlySet<Reason> = new Set<Reason>([
  "AwsUnavailable",
  "ClusterNotReady",
  "ClusterUnreachable",
  "LookFailed",
  "RolePending",
  "RoleSettling",
  "TokenRequestFailed",
]);

/** What a pass judged by, and with which reason it failed: another generation of binding or trust begins again. */
function causeOf({ object, trust }: Pick<BindingFacts, "object" | "trust">, reason: Reason): string {
  const versions = [object, trust].flatMap((one) => [one?.metadata.uid, one?.metadata.generation]);
  return JSON.stringify([...versions, reason]);
}

const readyOf = ({ conditions }: Pick<BindingOutcome, "conditions">): StatusCondition | undefined =>
  conditions.find(({ type }) => type === "Ready");

/** How a pass ended, for the queue and for whoever counts what is not Ready. */
function resultOf(outcome: Pick<BindingOutcome, "againIn" | "conditions">): ReconcileResult {
  const [ready, { againIn }] = [readyOf(outcome), outcome];
  if (againIn === undefined) return nowhere;
  const isMet = ready === undefined || ready.status === "True";
  return { againAfterMs: againIn, ...(isMet ? {} : { unmet: ready.reason }) };
}

/** The same of a binding, which may be stuck until a person mends it. */
function bindingResult(
  facts: Pick<BindingFacts, "object" | "trust">,
  outcome: Pick<BindingOutcome, "againIn" | "conditions">,
): ReconcileResult {
  const [ready, result] = [readyOf(outcome), resultOf(outcome)];
  if (outcome.againIn !== soon || ready === undefined || result.unmet === undefined) return result;
  return passing.has(ready.reason) ? result : { ...result, stuckOn: causeOf(facts, ready.reason) };
}

/** Of ServiceAccounts those that have a binding: of the others there are many. One that comes later is seen by itself. */
function boundAccounts(
  { accounts, accountOf, trustOf }: BindingControllersOptions,
  view: ClusterView,
): KeySource {
  // Asked in any case: what is remembered of one's own writing is told once, also after its binding is gone.
  const matters = (key: string): boolean =>
    !view.isOwnWrite(key, accountOf?.(key)) && trustOf(key) !== undefined;
  return followedAs(accounts, (key) => (matters(key) ? [key] : []));
}

/** Bindings whose roles somebody else has changed: a look at an account is one binding's, and shows those of all. */
function drifting({ aws }: BindingControllersOptions): KeySource {
  return {
    synced: true,
    untilSynced: () => Promise.resolve(),
    keys: () => [],
    subscribe: (changed) => aws.subscribe(changed),
  };
}

/**
 * What an Event is about: a role that stays or is left behind is told on the trust, since a namespace that goes with its bindings takes
 * no Events any more.
 */
const regarding = (
  { reason }: BindingEvent,
  binding: KubernetesObject,
  trust: KubernetesObject | undefined,
): KubernetesObject => (reason === "RoleKept" || reason === "RoleRetained" ? (trust ?? binding) : binding);

function bindingController(options: BindingControllersOptions): Controller {
  const { api, clock, bindings, trusts, trustOf, accountOf, report } = options;
  const { view = new ClusterView(api, clock) } = options;
  trusts.subscribe((name) => view.trustChanged(name));
  const passes = new BindingPasses(options, view);
  return {
    name: "bindings",
    // Most of a pass is waiting for AWS, whose pace all passes share.
    concurrency: 16,
    // One tenant, however much fails in its namespaces, leaves the other half to the others.
    perShare: 8,
    shareOf: (key) => view.shareOf(namespaceOf(key), trustOf(key)),
    follows: [
      bindings,
      boundAccounts(options, view),
      followedAs(trusts, () => bindings.keys()),
      drifting(options),
    ],
    async reconcile(key, run) {
      const { signal } = run;
      let result = nowhere;
      await passes.have(key, run, async (object, clients) => {
        const deletedFor = view.deletedFor(key, object);
        if (object === undefined) return undefined;
        const trust = await view.trust(trustNameOf(object), signal);
        const room = (one: Trust): GrantRoom => view.roomOf(one, key);
        const facts = { object, trust, account: accountOf?.(key), deletedFor, room };
        const ended = await reconcileBinding(facts, clients, clock, signal);
        for (const event of ended.events) await report(regarding(event, object, trust), event);
        result = bindingResult(facts, ended);
        return ended;
      });
      return result;
    },
  };
}

function trustController(options: BindingControllersOptions): Controller {
  const { api, clock, bindings, trusts, trustOf, report } = options;
  /** By the trusts' names. */
  const leftovers = new Map<string, Leftovers>();
  return {
    name: "trusts",
    follows: [trusts, followedAs(bindings, () => trusts.keys())],
    async reconcile(key, run) {
      const { signal } = run;
      const object = await api.read({ kind: "AWSTrust", name: key }, { signal });
      const there = new Set(trusts.keys());
      for (const name of leftovers.keys()) if (!there.has(name)) leftovers.delete(name);
      if (object === undefined) return nowhere;
      const naming = [...bindings.keys()].filter((one) => trustOf(one) === key);
      const left = leftovers.get(key) ?? new Leftovers();
      leftovers.set(key, left);
      const facts = { object, bindings: new Set(naming), leftovers: left };
      const outcome = await reconcileTrust(facts, heldClients(options, run), clock, signal);
      for (const event of outcome.events) await report(object, event);
      return resultOf(outcome);
    },
  };
}

/** The controllers of bindings and trusts, for whoever runs controllers. */
export function bindingControllers(options: BindingControllersOptions): readonly Controller[] {
  return [bindingController(options), trustController(options)];
}

/** What is done with a binding, which may not be there, and what comes of it. */
export type BindingWork = (
  object: KubernetesObject | undefined,
  clients: BindingClients,
) => Promise<BindingOutcome | undefined>;

/** So soon a pass has to come, in milliseconds, that the binding as it was left is kept for it. */
const soonAgain = 20_000;

/** AWS was to be changed for a binding of which nobody knows whether it still is as it was seen. */
class Unconfirmed extends Error {}

/**
 * The same clients, whose first write of the binding finds it as `expected` or is refused, and by which AWS is not changed
 * before that. `left`: told of the binding as each write left it.
 */
function conditional(
  clients: BindingClients,
  expected: string | undefined,
  left: (object: KubernetesObject) => void,
): BindingClients {
  const { cluster } = clients;
  let resourceVersion = expected;
  return {
    ...clients,
    assertHeld() {
      if (resourceVersion !== undefined) throw new Unconfirmed("the binding is to be read first");
      clients.assertHeld?.();
    },
    cluster: {
      ...cluster,
      async apply(object, options) {
        if (object.kind !== "AWSRoleBinding") return cluster.apply(object, options);
        const first = resourceVersion === undefined ? {} : { resourceVersion };
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

/** Whether the binding is another than it was seen, or nobody knows. */
function isStale(error: unknown): boolean {
  if (error instanceof Unconfirmed) return true;
  return (
    error instanceof PodtrustError &&
    (error.code === "cluster-conflict" || error.code === "cluster-not-found")
  );
}

/**
 * Passes of bindings. Each begins with the binding as it was just seen, where it was: that spares every second call of the
 * API server. Nothing is changed at AWS before a write has found the binding so; where it does not, or there is nothing to
 * write first, the pass is had again with the binding read.
 */
export class BindingPasses {
  readonly #clients: PassClients;
  readonly #view: ClusterView;

  constructor(clients: PassClients, view: ClusterView) {
    this.#clients = clients;
    this.#view = view;
  }

  async have(key: string, run: Reconcile, work: BindingWork): Promise<BindingOutcome | undefined> {
    const seen = this.#view.take(key);
    if (seen !== undefined) {
      try {
        return await this.#have(seen, seen.metadata.resourceVersion, run, work);
      } catch (error) {
        if (!isStale(error)) throw error;
      }
    }
    const [namespace = "", name = ""] = key.split("/");
    const ref = { kind: "AWSRoleBinding", namespace, name } as const;
    const object = await this.#clients.api.read(ref, { signal: run.signal });
    return this.#have(object, undefined, run, work);
  }

  async #have(
    object: KubernetesObject | undefined,
    expected: string | undefined,
    run: Reconcile,
    work: BindingWork,
  ): Promise<BindingOutcome | undefined> {
    let left: KubernetesObject | undefined;
    const held = heldClients(this.#clients, run, this.#view);
    const outcome = await work(
      object,
      conditional(held, expected, (written) => (left = written)),
    );
    if (left !== undefined && (outcome?.againIn ?? Infinity) <= soonAgain) this.#view.keep(left);
    return outcome;
  }
}

/** By which passes work. */
export interface PassClients {
  readonly api: BindingClients["cluster"];
  readonly aws: BoundAccounts;
}

/** The clients of a pass, which write only while this process holds the lease. `view`: shown the ServiceAccounts that they write. */
function heldClients(
  { api, aws }: PassClients,
  { assertHeld }: Reconcile,
  view?: ClusterView,
): BindingClients {
  const apply: KubernetesApi["apply"] = (object, options) => {
    assertHeld();
    if (object.kind === "ServiceAccount") view?.writes(object);
    return api.apply(object, options);
  };
  return {
    aws,
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
