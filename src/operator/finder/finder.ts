import { type Clock, type JsonRecord, type Logger, recordOf, textOf } from "../../core/base/index.ts";
import {
  type Controller,
  type KeySource,
  followedAs,
  type Reconcile,
  type ReconcileResult,
} from "../controller/index.ts";
import { type InjectionFault, injectionFault, partyFault } from "../../rules/injection/index.ts";
import type { EventRecorder, KubernetesApi, Mirror } from "../../providers/kubernetes/index.ts";
import { type EvictionLimits, Evictions } from "./evictions.ts";
import { makesItWell, ownerOf, podRegarding, type Recreating, recreates } from "./owners.ts";
import type { Roles } from "../roles.ts";

/** The parts of a ServiceAccount, namespace or pod that injection reads. */
export type InjectionView = JsonRecord;

export interface FinderOptions {
  readonly api: Pick<KubernetesApi, "read" | "evict">;
  readonly pods: Mirror<InjectionView, "account" | "namespace">;
  readonly accounts: Mirror<InjectionView>;
  readonly namespaces: Mirror<InjectionView>;
  readonly roles: Roles;
  /** Notifies of changes of the role map; absent without one. */
  readonly roleMap?: Pick<KeySource, "synced" | "untilSynced" | "subscribe"> | undefined;
  readonly events: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: no evictions. */
  readonly evict?: EvictionLimits;
  /** Whether injection was seen to work recently: otherwise a replacement pod would be the same. */
  readonly injecting: () => boolean;
}

/** A faulty pod. */
export interface FaultyPod {
  /** `namespace/name` */
  readonly pod: string;
  readonly reason: InjectionFault["reason"];
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

interface TrackedPod extends FaultyPod {
  readonly owner: string;
}

/** A new pod may be seen before the annotation that it was created for. */
const settling = 5000;
const notYet = 30_000;

const nameOf = (object: JsonRecord, key: string): string => textOf(recordOf(object["metadata"])[key]) ?? "";

/** The ServiceAccount of a pod, `namespace/name`. */
export function accountOf(pod: JsonRecord): string {
  const name = textOf(recordOf(pod["spec"])["serviceAccountName"]) ?? "default";
  return `${nameOf(pod, "namespace")}/${name}`;
}

/**
 * Finds pods that should have been injected and are not, or that carry what their ServiceAccount no longer asks for:
 * created while nothing injected, or while the API server's own view of annotations was stale. Reports them by an Event
 * on pod and owner and, if enabled, evicts those whose owner replaces them, by the Eviction API.
 */
export class Finder implements Controller {
  readonly name = "finder";
  readonly follows: readonly KeySource[];
  readonly #options: FinderOptions;
  readonly #found = new Map<string, TrackedPod>();
  readonly #evictions: Evictions | undefined;
  #evicted = 0;

  constructor(options: FinderOptions) {
    this.#options = options;
    const { pods, accounts, namespaces, roleMap, evict } = options;
    this.#evictions = evict === undefined ? undefined : new Evictions(evict);
    this.follows = [
      followedAs(
        pods,
        (key) => [key],
        () => this.#keys(),
      ),
      followedAs(accounts, (key) => pods.by("account", key)),
      followedAs(namespaces, (key) => pods.by("namespace", key)),
      ...(roleMap === undefined ? [] : [followedAs(roleMap, () => pods.keys())]),
    ];
  }

  /** Includes pods that were found in an earlier term, and are gone since. */
  *#keys(): Generator<string> {
    yield* this.#options.pods.keys();
    yield* this.#found.keys();
  }

  /** The pods that are faulty now. */
  get found(): readonly FaultyPod[] {
    return [...this.#found.values()].map(({ owner: _owner, ...one }) => one);
  }

  /** Since the process began. */
  get evicted(): number {
    return this.#evicted;
  }

  async reconcile(key: string, run: Reconcile): Promise<ReconcileResult | void> {
    const { clock } = this.#options;
    const pod = this.#options.pods.get(key);
    const fault = pod === undefined ? undefined : this.#faultOf(pod);
    if (pod === undefined || fault === undefined) return this.#forget(key);
    const age = clock.now() - Date.parse(nameOf(pod, "creationTimestamp"));
    const known = this.#found.get(key);
    if (known === undefined && age >= 0 && age < settling) return { againAfterMs: settling - age };
    const owner = ownerOf(pod);
    const { reason, text } = fault;
    const since = known?.since ?? clock.now();
    this.#found.set(key, { pod: key, reason, text, since, owner: owner?.uid ?? "" });
    await this.#say(pod, fault, run);
    return fault.stays ? undefined : this.#evict(key, pod, fault, run);
  }

  /** `stays`: it is reported and never evicted. */
  #faultOf(pod: InjectionView): (InjectionFault & { readonly stays: boolean }) | undefined {
    const { accounts, namespaces, roles } = this.#options;
    const account = accountOf(pod);
    const serviceAccount = accounts.get(account);
    const namespace = namespaces.get(nameOf(pod, "namespace"));
    const around = roles.around({ serviceAccount, namespace }, account);
    const own = injectionFault(pod, around);
    if (own !== undefined) return { ...own, stays: false };
    // Which webhook or policy injects for the others, if any, is not known here.
    const other = partyFault(pod, around);
    return other === undefined ? undefined : { ...other, stays: true };
  }

  #forget(key: string): void {
    const before = this.#found.get(key);
    this.#found.delete(key);
    if (before !== undefined && this.#faultyOf(before.owner) === 0) this.#evictions?.forget(before.owner);
  }

  #faultyOf(owner: string): number {
    let count = 0;
    for (const one of this.#found.values()) if (one.owner === owner) count += 1;
    return count;
  }

  async #say(
    pod: InjectionView,
    { reason, text }: InjectionFault,
    { assertHeld, signal }: Reconcile,
  ): Promise<void> {
    const { events } = this.#options;
    const shared = { type: "Warning", reason, action: "Inject" } as const;
    const regarding = podRegarding(pod);
    assertHeld();
    await events.record({ ...shared, regarding, note: `The pod ${text}.` }, { signal });
    const owner = ownerOf(pod);
    if (owner === undefined) return;
    // Without the pod's name: many pods with the same fault share one Event.
    assertHeld();
    await events.record({ ...shared, regarding: owner, note: `A pod of it ${text}.` }, { signal });
  }

  async #evict(
    key: string,
    pod: InjectionView,
    fault: InjectionFault,
    run: Reconcile,
  ): Promise<ReconcileResult | void> {
    const owner = ownerOf(pod);
    if (this.#evictions === undefined || !recreates(owner)) return;
    if (nameOf(pod, "namespace") === "kube-system") return;
    if (!this.#options.injecting()) return { againAfterMs: notYet };
    const { uid } = owner;
    const turn = this.#evictions.turn(uid, this.#faultyOf(uid), this.#options.clock.elapsed());
    if (turn === "never") return;
    if (turn > 0) return { againAfterMs: turn };
    // Recorded first, so that no other pod gets this turn while the call is under way.
    this.#evictions.begins(uid, this.#options.clock.elapsed());
    // The mirrors may be stale: only what the API server says now causes an eviction.
    const now = await this.#standing(pod, owner, run);
    if (now === "well") return { againAfterMs: settling };
    if (now === "incurable")
      return { againAfterMs: this.#evictions.spare(uid, this.#options.clock.elapsed()) };
    return this.#evictNow({ key, pod, owner, text: fault.text }, run);
  }

  async #evictNow(
    { key, pod, owner, text }: { key: string; pod: InjectionView; owner: Recreating; text: string },
    run: Reconcile,
  ): Promise<ReconcileResult | void> {
    const { api, events, logger } = this.#options;
    const regarding = podRegarding(pod);
    const { namespace = "", name, uid = "" } = regarding;
    const options = { signal: run.signal };
    run.assertHeld();
    const outcome = await api.evict({ namespace, name, uid }, options);
    logger.info("a pod is to go, so that its owner makes one that is injected", { pod: key, outcome });
    if (outcome === "budget") return { againAfterMs: notYet };
    if (outcome === "absent") return;
    this.#evicted += 1;
    this.#evictions?.went(owner.uid, this.#faultyOf(owner.uid));
    const note = `Evicted, so that ${owner.kind} ${owner.name} makes a new one: it ${text}.`;
    const shared = { type: "Normal", reason: "PodEvicted", action: "Evict" } as const;
    await events.record({ ...shared, regarding, note }, options);
  }

  /** The pod by the API server: no longer faulty, or faulty and a new one would be (not) the same. */
  async #standing(
    pod: InjectionView,
    owner: Recreating,
    { signal }: Reconcile,
  ): Promise<"well" | "curable" | "incurable"> {
    const { api, roles } = this.#options;
    const { namespace = "", name, uid } = podRegarding(pod);
    const [, account = ""] = accountOf(pod).split("/");
    const options = { signal };
    const now = await api.read({ kind: "Pod", namespace, name }, options);
    if (now === undefined || now.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined)
      return "well";
    const objects = {
      serviceAccount: await api.read({ kind: "ServiceAccount", namespace, name: account }, options),
      namespace: await api.read({ kind: "Namespace", name: namespace }, options),
    };
    const around = roles.around(objects, accountOf(pod));
    if (injectionFault(now, around) === undefined) return "well";
    const maker = await api.read({ kind: owner.kind, namespace, name: owner.name }, options);
    // A deleted owner replaces no pod.
    if (maker?.metadata.uid !== owner.uid) return "incurable";
    return makesItWell(maker, around) ? "curable" : "incurable";
  }
}
