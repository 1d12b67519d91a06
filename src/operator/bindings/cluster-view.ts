import {
  type Clock,
  type JsonRecord,
  recordOf,
  recordsOf,
  SharedAnswers,
  textOf,
} from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, Mirror } from "../../providers/kubernetes/index.ts";
import {
  type BoundKind,
  type BoundParty,
  type CountedBinding,
  goneAnnotation,
  partyNames,
  type Read,
  readTrust,
  retryAnnotation,
  shareOf,
  type Shares,
  trustNames,
  withoutRoom,
  type WithoutRoom,
} from "../../rules/bindings/index.ts";
import { digestOf } from "../../rules/plan/index.ts";
import type { ControllerTools } from "../index.ts";
import { rolesOf } from "./role-status.ts";
import { keyOf, trustNameOf, versionOf } from "./status.ts";
import type { CountedTrust, GrantRoom } from "./pass.ts";

/** So long one reading of a trust serves all, in milliseconds: a thousand bindings that are made at once name one trust. */
export const maxTrustAge = 1000;
/** Characters of all bindings that are kept for their next attempt: of a thousand that are made at once a third of it. */
export const maxKeptText = 4_000_000;
/** Trusts whose grants are remembered. */
export const maxTrusts = 1000;
/** Nothing is waited for so long, in milliseconds: what is older is of a time when another process led. */
const maxDeletionAge = 600_000;

/** What a change of a binding asks for: nothing, an attempt soon by the binding as it is now, or one that reads it. */
export type NextAttempt = "none" | "soon" | "later";

interface KeptBinding {
  readonly version: bigint;
  readonly text: string;
}

interface CachedTrust {
  /** `versionOf` the object. */
  readonly version: string;
  readonly trust: Shares | undefined;
}

/** What of one relying party's objects is looked at here. */
export interface TrustsRead {
  /** Of its trusts. */
  readonly kind: BoundKind;
  readonly read: (trust: KubernetesObject) => Read<Shares>;
  /** How many managed things a binding asks for, and has. */
  readonly count: (binding: KubernetesObject) => Pick<CountedBinding, "held" | "wanted">;
}

const ofAws: TrustsRead = {
  kind: trustNames.kind,
  read: readTrust,
  count(binding) {
    const roles = recordsOf(recordOf(binding["spec"])["roles"]);
    return {
      wanted: roles.filter((role) => role["managed"] !== undefined).length,
      // Not what was announced alone: whoever edits a binding would announce as many as it takes to close others' roles.
      held: rolesOf(binding).filter((role) => role.managed && !role.isPending && role.id !== undefined)
        .length,
    };
  },
};

interface Deletion {
  readonly uid: string | undefined;
  readonly since: number;
}

/** A number that grows with each write (KEP-5504, Kubernetes 1.35); undefined where a server has others. */
function revisionOf({ metadata: { resourceVersion = "" } }: KubernetesObject): bigint | undefined {
  return /^\d{1,20}$/u.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
}

/** Without who owns which field, which is half of an object and nothing to its controller. */
function jsonOf(object: KubernetesObject): string {
  return JSON.stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined } });
}

function countOf(object: KubernetesObject, { count }: TrustsRead): CountedBinding {
  const { namespace = "", name, creationTimestamp: created = "" } = object.metadata;
  return { namespace, name, trust: trustNameOf(object), created, ...count(object) };
}

/**
 * What the cluster shows: the one memory of it, for all bindings of a relying party. Keys are `namespace/name`. Its contract:
 * - **Newest**: `take` returns the newest version of a binding that a watch or the answer to a write of ours has shown, and
 *   returns it once. The binding may have changed since: the caller writes on condition of its version.
 * - **Room**: which grants have room is counted from the bindings that exist, each as it was last seen.
 * - **Own writes**: a change of a ServiceAccount is ours if it made the annotations what was written, and only once.
 * - **Trusts**: a trust was read at most a second ago (`maxTrustAge`), and after its last change that was seen. Concurrent
 *   callers share one call; later callers do not share its failure.
 * - **Deletions**: how long a binding has been deleted is counted by our own clock, from when that was first seen.
 * - **Bound**: `maxKeptText` characters of bindings, `maxTrusts` trusts, some numbers for each binding that exists.
 */
export class ClusterView {
  readonly #api: Pick<KubernetesApi, "read">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #of: TrustsRead;
  readonly #kept = new Map<string, KeptBinding>();
  #keptText = 0;
  /** Whether `take` was called: a process that has not led yet reconciles nothing. */
  #isTaken = false;
  readonly #counts = new Map<string, CountedBinding>();
  /** By trust and grant, since something was counted anew. */
  readonly #room = new Map<string, WithoutRoom>();
  /** Digests of annotations that were written and not seen yet. */
  readonly #written = new Map<string, string>();
  readonly #trustReads: SharedAnswers<KubernetesObject | undefined>;
  readonly #trusts = new Map<string, CachedTrust>();
  /** Of namespaces, as they were asked for since a trust was last read anew. */
  readonly #shares = new Map<string, string>();
  readonly #deletions = new Map<string, Deletion>();

  constructor(api: Pick<KubernetesApi, "read">, clock: Pick<Clock, "elapsed">, of: TrustsRead = ofAws) {
    this.#api = api;
    this.#clock = clock;
    this.#of = of;
    this.#trustReads = new SharedAnswers(clock, maxTrustAge, maxTrusts);
  }

  /** What is held now, for who holds it to the bounds. */
  get size(): { readonly keptText: number; readonly trusts: number; readonly bindings: number } {
    const perBinding = [this.#kept, this.#counts, this.#written, this.#deletions];
    const bindings = new Set(perBinding.flatMap((one) => [...one.keys()])).size;
    return { keptText: this.#keptText, trusts: this.#trusts.size, bindings };
  }

  /** A binding as a watch shows it. */
  sees(binding: KubernetesObject, next: NextAttempt): void {
    const key = keyOf(binding);
    const count = countOf(binding, this.#of);
    if (JSON.stringify(this.#counts.get(key)) !== JSON.stringify(count)) {
      this.#counts.set(key, count);
      this.#room.clear();
    }
    if (next === "later") this.#drop(key);
    else if (next === "soon" || this.#kept.has(key)) this.keep(binding);
  }

  /** A binding that is gone. */
  gone(key: string): void {
    this.#drop(key);
    this.#written.delete(key);
    this.#deletions.delete(key);
    if (this.#counts.delete(key)) this.#room.clear();
  }

  /** Keeps a binding for its next attempt, unless a newer one is kept. */
  keep(binding: KubernetesObject): void {
    if (!this.#isTaken) return;
    const [key, version] = [keyOf(binding), revisionOf(binding)];
    const before = this.#kept.get(key);
    if (before !== undefined && version !== undefined && before.version >= version) return;
    this.#drop(key);
    if (version === undefined) return;
    const text = jsonOf(binding);
    if (text.length > maxKeptText) return;
    // Those whose attempt never came make room: they are a saving, and nothing is lost with them.
    if (this.#keptText + text.length > maxKeptText) this.#dropAll();
    this.#kept.set(key, { version, text });
    this.#keptText += text.length;
  }

  /** The newest binding that is known, once; undefined where it is to be read. */
  take(key: string): KubernetesObject | undefined {
    this.#isTaken = true;
    const kept = this.#drop(key);
    return kept === undefined ? undefined : (JSON.parse(kept.text) as KubernetesObject);
  }

  /** Which grants of a trust have no room for a binding. */
  roomOf(trust: CountedTrust, key: string): GrantRoom {
    const beyond = (which: keyof WithoutRoom): ReadonlySet<string> =>
      new Set(trust.grants.filter((one) => this.#roomIn(trust, one)[which].has(key)).map(({ name }) => name));
    return { heldBeyond: beyond("held"), wantedBeyond: beyond("wanted") };
  }

  /** We annotate a ServiceAccount so: its next change is our own, and no reason for another attempt. */
  writes(account: KubernetesObject): void {
    this.#written.set(keyOf(account), digestOf(account.metadata.annotations ?? {}));
  }

  /** Whether a change of a ServiceAccount made it what was written; said once. */
  isOwnWrite(key: string, account: JsonRecord | undefined): boolean {
    const written = this.#written.get(key);
    if (written === undefined) return false;
    this.#written.delete(key);
    return written === digestOf(recordOf(recordOf(account?.["metadata"])["annotations"]));
  }

  /** A trust; undefined where there is none. Throws `cluster-*`. */
  async trust(name: string, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const object = await this.#trustReads.of(name, signal, (own) =>
      this.#api.read({ kind: this.#of.kind, name }, { signal: own }),
    );
    this.#remember(name, object);
    return object;
  }

  /** A trust has changed: attempts that follow from that read it anew. */
  trustChanged(name: string): void {
    this.#trustReads.forget(name);
  }

  /** Which share of the attempts a namespace's bindings count towards, by the trusts as they were read last, of any name. */
  shareOf(namespace: string): string {
    // Asked of every namespace that waits, whenever a worker is free.
    const known = this.#shares.get(namespace);
    if (known !== undefined) return known;
    const names = [...this.#trusts.keys()].toSorted();
    const trusts = names.flatMap((name) => this.#trusts.get(name)?.trust ?? []);
    const share = shareOf(namespace, trusts);
    this.#shares.set(namespace, share);
    return share;
  }

  /** The trust that a binding names, as it was last seen; undefined where there is no such binding. */
  trustOf(key: string): string | undefined {
    return this.#counts.get(key)?.trust;
  }

  /**
   * Milliseconds for which a binding is known to be deleted; 0 where it is not. `deletionTimestamp` is the time of day of
   * another machine: by it a wait of a minute would end at once, or after the hours by which clocks differ.
   */
  deletedFor(key: string, binding: KubernetesObject | undefined): number {
    const known = this.#deletions.get(key);
    if (binding?.metadata.deletionTimestamp === undefined) {
      this.#deletions.delete(key);
      return 0;
    }
    const { uid } = binding.metadata;
    const now = this.#clock.elapsed();
    if (known !== undefined && known.uid === uid) return now - known.since;
    for (const [one, { since }] of this.#deletions)
      if (now - since > maxDeletionAge) this.#deletions.delete(one);
    this.#deletions.set(key, { uid, since: now });
    return 0;
  }

  #roomIn({ name }: CountedTrust, grant: CountedTrust["grants"][number]): WithoutRoom {
    const { namespaces, serviceAccounts, maxRoles } = grant;
    const asked = JSON.stringify([name, namespaces, serviceAccounts, maxRoles]);
    const known = this.#room.get(asked);
    if (known !== undefined) return known;
    const bindings = [...this.#counts.values()].filter(({ trust }) => trust === name);
    const found = withoutRoom(grant, bindings);
    this.#room.set(asked, found);
    return found;
  }

  #remember(name: string, object: KubernetesObject | undefined): void {
    if (object === undefined) {
      if (this.#trusts.delete(name)) this.#shares.clear();
      return;
    }
    const version = versionOf(object);
    if (this.#trusts.get(name)?.version === version) return;
    // Each is read again by the next attempt of a binding that names it.
    if (this.#trusts.size >= maxTrusts) this.#trusts.clear();
    const read = this.#of.read(object);
    const trust = "object" in read ? read.object : undefined;
    this.#trusts.set(name, { version, trust });
    this.#shares.clear();
  }

  #dropAll(): void {
    this.#kept.clear();
    this.#keptText = 0;
  }

  #drop(key: string): KeptBinding | undefined {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    this.#keptText -= kept?.text.length ?? 0;
    return kept;
  }
}

/** What of an object's head makes it another one to its controller. */
interface Head {
  /** Counts the changes of its spec. */
  readonly generation: unknown;
  readonly uid: unknown;
  readonly deleted: unknown;
  readonly retry: unknown;
  /** Which scopes a person says are gone. */
  readonly gone: unknown;
}

/** The head of a binding or a trust: what a mirror keeps of it. */
export function headOf(object: JsonRecord): Head {
  const { generation, uid, deletionTimestamp, annotations } = recordOf(object["metadata"]);
  const { [retryAnnotation]: retry, [goneAnnotation]: gone } = recordOf(annotations);
  return { generation, uid, deleted: deletionTimestamp, retry, gone };
}

interface BindingHead extends Head {
  readonly trust: string;
}

const bindingOf = (object: JsonRecord): BindingHead => ({
  ...headOf(object),
  trust: textOf(recordOf(object["spec"])["trust"]) ?? "",
});

/** Whether no pass has looked at it yet, and there is something to be made. */
const isNew = ({ metadata, status }: JsonRecord): boolean =>
  status === undefined && recordOf(metadata)["deletionTimestamp"] === undefined;

/** Follows bindings by their heads; `view` is shown the whole of each. */
export function followBindings(
  party: BoundParty,
  follow: ControllerTools["follow"],
  view: ClusterView,
): Mirror<BindingHead> {
  const bindings: Mirror<BindingHead> = follow({
    kind: partyNames[party].binding.kind,
    keep(object) {
      const head = bindingOf(object);
      const binding = object as unknown as KubernetesObject;
      // Of what is listed there is much, reconciled one after the other; what is not new may have been changed since.
      const changed = bindings.synced && isNew(object) ? "soon" : "later";
      const isSame = JSON.stringify(bindings.get(keyOf(binding))) === JSON.stringify(head);
      view.sees(binding, isSame ? "none" : changed);
      return head;
    },
  });
  bindings.subscribe((key, _before, now) => {
    if (now === undefined) view.gone(key);
  });
  return bindings;
}
