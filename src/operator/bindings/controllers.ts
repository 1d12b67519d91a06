import type { Clock, JsonRecord } from "../../core/base/index.ts";
import {
  type Controller,
  type Followed,
  followedAs,
  namespaceOf,
  type ReconcileResult,
} from "../controller/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Trust } from "../../rules/bindings/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import { Departures } from "./departures.ts";
import { GrantShares } from "./grant-shares.ts";
import { heldClients, BindingTurns } from "./turns.ts";
import { LatestObjects } from "./latest.ts";
import { Leftovers } from "./leftovers.ts";
import { OwnAnnotations } from "./own-annotations.ts";
import { reconcileBinding } from "./reconcile.ts";
import { RetryWaits } from "./retry-waits.ts";
import type { RoleCounts } from "./role-counts.ts";
import { reconcileTrust } from "./trust.ts";
import { trustNameOf, TrustReads } from "./trust-reads.ts";
import type { BindingClients, BindingEvent, BindingOutcome } from "./turn.ts";

/** What the controllers of bindings and trusts work with. */
export interface BindingControllersOptions {
  readonly api: BindingClients["cluster"];
  readonly aws: BoundAccounts;
  readonly clock: Clock;
  readonly bindings: Followed;
  /** The AWSTrust that a binding names, as it was last seen; undefined where there is no such binding. */
  readonly trustOf: (key: string) => string | undefined;
  readonly trusts: Followed;
  /** ServiceAccounts: of the same keys as their bindings. */
  readonly accounts: Followed;
  /** A ServiceAccount as it was last seen: its uid and our annotations. Absent: each turn reads it. */
  readonly accountOf?: (key: string) => JsonRecord | undefined;
  /** How many roles all bindings have. Absent: every grant has room. */
  readonly counts?: RoleCounts;
  /** Told of bindings by whoever watches them. Absent: the turn after somebody's change reads the binding. */
  readonly latest?: LatestObjects;
  /** Says something on an object, as an Event. */
  readonly tell: (object: KubernetesObject, event: BindingEvent) => Promise<void>;
}

const nowhere: ReconcileResult = {};

/** How a turn ended, for whoever counts what is not Ready. */
function resultOf({ againIn, conditions }: Pick<BindingOutcome, "againIn" | "conditions">): ReconcileResult {
  if (againIn === undefined) return nowhere;
  const ready = conditions.find(({ type }) => type === "Ready");
  const isMet = ready === undefined || ready.status === "True";
  return { againAfterMs: againIn, ...(isMet ? {} : { unmet: ready.reason }) };
}

/** Of ServiceAccounts those that have a binding: of the others there are many. One that comes later is seen by itself. */
function boundAccounts(
  { accounts, accountOf, trustOf }: BindingControllersOptions,
  own: OwnAnnotations,
): Followed {
  // Asked in any case: what is remembered of one's own writing is told once, also after its binding is gone.
  const matters = (key: string): boolean => !own.are(key, accountOf?.(key)) && trustOf(key) !== undefined;
  return followedAs(accounts, (key) => (matters(key) ? [key] : []));
}

/** Bindings whose roles somebody else has changed: a look at an account is one binding's, and shows those of all. */
function drifting({ aws }: BindingControllersOptions): Followed {
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
  const { api, clock, bindings, trusts, trustOf, accountOf, counts, tell } = options;
  const { latest = new LatestObjects() } = options;
  const trustReads = new TrustReads(api, clock, trusts);
  const own = new OwnAnnotations();
  const turns = new BindingTurns(options, latest, own);
  const departures = new Departures();
  const retries = new RetryWaits();
  const shares = new GrantShares();
  return {
    name: "bindings",
    // Most of a turn is waiting for AWS, whose pace all turns share.
    concurrency: 16,
    // One tenant, however much fails in its namespaces, leaves the other half to the others.
    perShare: 8,
    shareOf: (key) => shares.of(namespaceOf(key), trustOf(key)),
    follows: [
      bindings,
      boundAccounts(options, own),
      followedAs(trusts, () => bindings.keys()),
      drifting(options),
    ],
    async reconcile(key, run) {
      const { signal } = run;
      const outcome = await turns.have(key, run, async (object, clients) => {
        const deletedFor = departures.see(key, object, clock.elapsed());
        if (object === undefined) {
          retries.forget(key);
          return undefined;
        }
        const room = counts === undefined ? {} : { room: (one: Trust) => counts.of(one, key) };
        const trustName = trustNameOf(object);
        const trust = await trustReads.of(trustName, signal);
        shares.see(trustName, trust);
        const facts = { object, trust, account: accountOf?.(key), deletedFor, ...room };
        const ended = await reconcileBinding(facts, clients, clock, signal);
        for (const event of ended.events) await tell(regarding(event, object, trust), event);
        return { ...ended, againIn: retries.after(key, facts, ended) };
      });
      return outcome === undefined ? nowhere : resultOf(outcome);
    },
  };
}

function trustController(options: BindingControllersOptions): Controller {
  const { api, clock, bindings, trusts, trustOf, tell } = options;
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
      for (const event of outcome.events) await tell(object, event);
      return resultOf(outcome);
    },
  };
}

/** The controllers of bindings and trusts, for whoever runs controllers. */
export function bindingControllers(options: BindingControllersOptions): readonly Controller[] {
  return [bindingController(options), trustController(options)];
}
