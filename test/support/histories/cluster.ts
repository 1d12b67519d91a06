import {
  type Clock,
  defined,
  type JsonRecord,
  PodtrustError,
  recordOf,
  recordsOf,
  silentLogger,
  systemClock,
} from "../../../src/core/base/index.ts";
import type { KeySource } from "../../../src/operator/controller/index.ts";
import type { ControllerTools } from "../../../src/operator/index.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";

/** An object as a test writes it. */
export interface Written {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly spec?: JsonRecord;
}

/** Gives a token of a ServiceAccount for these audiences. */
export type Mint = (namespace: string, name: string, audiences: readonly string[]) => Promise<string>;

/** Something that was said of an object beside it. */
interface Said {
  readonly regarding: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly reason: string;
  readonly note: string;
}

/** What the operator follows of a kind: as a mirror, it keeps something of each object and tells who asks for changes. */
class Followed {
  synced = false;
  readonly #keep: (object: JsonRecord) => unknown;
  readonly #kept = new Map<string, unknown>();
  readonly #asking = new Set<(key: string, before: unknown, now: unknown) => void>();

  constructor(keep: (object: JsonRecord) => unknown) {
    this.#keep = keep;
  }

  readonly untilSynced: KeySource["untilSynced"] = () => Promise.resolve();
  readonly keys = (): Iterable<string> => this.#kept.keys();
  readonly get = (key: string): unknown => this.#kept.get(key);
  readonly subscribe = (changed: (key: string, before: unknown, now: unknown) => void): (() => void) => {
    this.#asking.add(changed);
    return () => this.#asking.delete(changed);
  };

  shows(key: string, object: KubernetesObject | undefined): void {
    const before = this.#kept.get(key);
    const now = object === undefined ? undefined : this.#keep(object);
    if (now === undefined) this.#kept.delete(key);
    else this.#kept.set(key, now);
    for (const ask of this.#asking) ask(key, before, now);
  }
}

const pathOf = ({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }) =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** What an object says, in short: who is named, and of a status its conditions and what it remembers. */
function appliedText({ metadata, status }: KubernetesObject): string {
  const { conditions, ...others } = recordOf(status);
  const said = recordsOf(conditions).map((one) => [one["type"], one["status"], one["reason"]].join(" "));
  const members = Object.entries(others).map(([name, value]) =>
    Array.isArray(value) ? `${name} ${value.length}` : name,
  );
  const written = Object.entries(metadata.annotations ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...(metadata.finalizers ?? []), ...written, ...said, ...members].join("; ");
}

/** The objects of a cluster in memory, as its API server has them, and what an operator's controllers work with. */
export class HistoryCluster {
  readonly clock: Clock;
  readonly said: Said[] = [];
  /** The spec of each trust, as it was read since that was emptied last. */
  readonly read = new Map<string, JsonRecord>();
  readonly #mint: Mint;
  readonly #onCall: (text: string) => void;
  /** By kind, and then by NAMESPACE/NAME. */
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  #followed: { readonly kind: string; readonly by: Followed }[] = [];
  #version = 0;

  /** `onCall`: told of each call that changes something, or mints a token. */
  constructor(clock: Clock, mint: Mint, onCall: (text: string) => void = () => {}) {
    this.clock = clock;
    this.#mint = mint;
    this.#onCall = onCall;
  }

  get(kind: string, key: string): KubernetesObject | undefined {
    return this.#objects.get(kind)?.get(key);
  }

  keys(kind: string): readonly string[] {
    return [...(this.#objects.get(kind)?.keys() ?? [])];
  }

  /** Writes an object's spec: a person's deed. */
  put({ kind, namespace, name, spec }: Written): void {
    const before = this.get(kind, pathOf({ namespace, name }));
    const isSame = JSON.stringify(before?.["spec"]) === JSON.stringify(spec);
    this.#store({
      apiVersion: kind === "ServiceAccount" ? "v1" : "podtrust.dev/v1alpha1",
      kind,
      ...before,
      ...defined({ spec }),
      metadata: {
        uid: `uid-${this.#version}`,
        // By the time of vendors, who tell when something was made there.
        creationTimestamp: new Date(systemClock.now()).toISOString(),
        ...before?.metadata,
        ...defined({ namespace }),
        name,
        generation: (before?.metadata.generation ?? 0) + (isSame ? 0 : 1),
      },
    });
  }

  /** Writes an object as it is: its version is another one. */
  touch(kind: string, key: string): void {
    const there = this.get(kind, key);
    if (there !== undefined) this.#store(there);
  }

  /** Asks for an object's deletion, which waits for its finalizers. */
  remove(kind: string, key: string): void {
    const there = this.get(kind, key);
    if (there === undefined || there.metadata.deletionTimestamp !== undefined) return;
    if ((there.metadata.finalizers ?? []).length === 0) return this.#drop(kind, key);
    const deletionTimestamp = new Date(this.clock.now()).toISOString();
    this.#store({ ...there, metadata: { ...there.metadata, deletionTimestamp } });
  }

  /** Takes an object's finalizers away and deletes it. */
  tearOut(kind: string, key: string): void {
    if (this.get(kind, key) !== undefined) this.#drop(kind, key);
  }

  /** What another operator works with, which is shown nothing before `list`. */
  tools(): ControllerTools {
    this.#followed = [];
    const follow = ({
      kind,
      keep,
    }: {
      readonly kind: string;
      readonly keep: (object: JsonRecord) => unknown;
    }) => {
      const by = new Followed(keep);
      this.#followed.push({ kind, by });
      return by;
    };
    const tools = {
      api: this.#api(),
      clock: this.clock,
      logger: silentLogger,
      accounts: follow({ kind: "ServiceAccount", keep: (object) => object }),
      follow,
      events: { record: (said: Said) => Promise.resolve(void this.said.push(said)) },
    };
    return tools as unknown as ControllerTools;
  }

  /** Shows the operator what is there. */
  list(): void {
    for (const { kind, by } of this.#followed) {
      for (const [key, object] of this.#objects.get(kind) ?? []) by.shows(key, object);
      by.synced = true;
    }
  }

  #store(object: KubernetesObject): KubernetesObject {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    const { kind, metadata } = stored;
    const all = this.#objects.get(kind) ?? new Map<string, KubernetesObject>();
    this.#objects.set(kind, all);
    all.set(pathOf(metadata), stored);
    this.#show(kind, pathOf(metadata), stored);
    return stored;
  }

  #drop(kind: string, key: string): void {
    this.#objects.get(kind)?.delete(key);
    this.#show(kind, key, undefined);
  }

  #show(kind: string, key: string, object: KubernetesObject | undefined): void {
    for (const one of this.#followed) if (one.kind === kind) one.by.shows(key, object);
  }

  /** As the API server answers: a write on condition of a version, or of a uid, that is another one's is refused. */
  #apply(object: KubernetesObject): KubernetesObject {
    const { kind, metadata } = object;
    const before = this.get(kind, pathOf(metadata));
    if (before === undefined || (metadata.uid ?? before.metadata.uid) !== before.metadata.uid)
      throw new PodtrustError("cluster-not-found", `there is no ${kind} ${pathOf(metadata)}`);
    const { resourceVersion } = before.metadata;
    if ((metadata.resourceVersion ?? resourceVersion) !== resourceVersion)
      throw new PodtrustError("cluster-conflict", `${kind} ${pathOf(metadata)} was changed meanwhile`);
    return this.#store({ ...before, ...object, metadata: { ...before.metadata, ...metadata } });
  }

  #api() {
    return {
      server: "https://cluster.test",
      read: ({ kind, ...ref }: { kind: string; namespace?: string; name: string }) => {
        const found = this.get(kind, pathOf(ref));
        if (ref.namespace === undefined && found !== undefined)
          this.read.set(ref.name, recordOf(found["spec"]));
        return Promise.resolve(found);
      },
      // A promise in any case: what is refused is no exception of the caller's.
      apply: async (object: KubernetesObject) => {
        this.#onCall(`apply ${object.kind} ${pathOf(object.metadata)}: ${appliedText(object)}`);
        return this.#apply(object);
      },
      removeFinalizer: ({ kind, metadata }: KubernetesObject, finalizer: string) => {
        this.#onCall(`release ${kind} ${pathOf(metadata)}`);
        const there = this.get(kind, pathOf(metadata));
        if (there === undefined) return Promise.resolve();
        const finalizers = (there.metadata.finalizers ?? []).filter((one) => one !== finalizer);
        const isLast = finalizers.length === 0 && there.metadata.deletionTimestamp !== undefined;
        if (isLast) this.#drop(kind, pathOf(metadata));
        else this.#store({ ...there, metadata: { ...there.metadata, finalizers } });
        return Promise.resolve();
      },
      requestToken: async (namespace: string, name: string, spec: { audiences: readonly string[] }) => {
        this.#onCall(`token of ${namespace}/${name} for ${spec.audiences.join(", ")}`);
        const token = await this.#mint(namespace, name, spec.audiences);
        return { token, expirationTimestamp: new Date(this.clock.now() + 600_000).toISOString() };
      },
    };
  }
}
