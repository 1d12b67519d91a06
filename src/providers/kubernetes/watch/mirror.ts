import { randomInt } from "node:crypto";
import {
  backoffDelay,
  type Clock,
  defined,
  type JsonRecord,
  type Logger,
  PodtrustError,
  recordOf,
  textOf,
  Waiters,
} from "../../../core/base/index.ts";
import type { RequestPurpose } from "../answer.ts";
import type { FollowOptions, KubernetesApi } from "../api.ts";
import { allPath, type ObjectKind, pluralOf } from "../object.ts";
import { whileHeard } from "./silence.ts";
import { type OnChanged, type Indexes, ObjectStore } from "./store.ts";
import { eventsOf, ListBounds, type ListPage, pageOf, type WatchEvent } from "./wire.ts";

/** Which objects are followed, and what is kept of them. */
export interface MirrorOptions<V, I extends string = never> {
  readonly api: Pick<KubernetesApi, "server" | "follow">;
  readonly kind: ObjectKind;
  /** All namespaces by default. */
  readonly namespace?: string;
  /** As `spec.nodeName=a`. */
  readonly fields?: string;
  /** Only metadata is asked for (PartialObjectMetadata): `keep` sees nothing else. */
  readonly metadataOnly?: boolean;
  /** What is kept of an object, JSON; undefined for nothing, as if it were not there. Small: it stays in memory. */
  readonly keep: (object: JsonRecord) => V | undefined;
  readonly indexes: Indexes<V, I>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds of silence after which the server is asked whether it is there, whatever TCP believes; 100,000 by default. */
  readonly silenceMs?: number;
  /** Objects that are kept at the most; 200,000 by default. */
  readonly maxObjects?: number;
}

/** The state of following. */
export interface MirrorStatus {
  /** `serviceaccounts`, `pods` */
  readonly resource: string;
  readonly synced: boolean;
  readonly objects: number;
  /** Why it is not up to date, and since when (milliseconds since the epoch); absent while it follows. */
  readonly failing?: { readonly code: string; readonly message: string; readonly since: number };
  /** Since the process began. */
  readonly lists: number;
  readonly events: number;
}

/**
 * A server sends a bookmark about once a minute, but none of a kind of which it has seen neither an event nor etcd's
 * progress since it began: by etcd's default that is ten minutes (kube-apiserver, storage/cacher, dispatchEvents).
 */
const defaultSilence = 100_000;
/** Milliseconds that a watch may last beyond the time at which its server ends it. */
const grace = 30_000;
const defaultMaxObjects = 200_000;
const pageSize = 500;
const metadataAccept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/** For a list of metadata alone. */
export const metadataListAccept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** The delays after failures, in milliseconds. */
const afterFailures = { first: 400, max: 30_000, chance: randomInt } as const;

function keyOf(object: JsonRecord): string {
  const { name, namespace } = recordOf(object["metadata"]);
  const own = textOf(name) ?? "";
  // Joined, which copies: a template would keep both of its parts in memory beside the key.
  return textOf(namespace) === undefined ? own : [textOf(namespace), own].join("/");
}

const versionOf = (object: JsonRecord): string =>
  textOf(recordOf(object["metadata"])["resourceVersion"]) ?? "";

/** Whether a version is older; by the numbers that they are (KEP-5504), and never where one is none. */
const isBefore = (version: string, other: string): boolean =>
  [version, other].every((one) => /^[1-9]\d*$/u.test(one)) &&
  (version.length < other.length || (version.length === other.length && version < other));

const statusOf = (error: unknown): unknown =>
  error instanceof PodtrustError ? error.detail["status"] : undefined;

/**
 * Follows all objects of a kind by list and watch, and keeps of each what its reader needs
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/).
 *
 * A watch is continued only where the server ended it at the agreed time. After anything else everything is listed
 * anew: a server that was restored to an older state accepts a watch from its own future and then stays silent for
 * ever. Followers get the differences only.
 */
export class Mirror<V, I extends string = never> {
  readonly #options: MirrorOptions<V, I>;
  readonly #store: ObjectStore<V, I>;
  readonly #purpose: RequestPurpose;
  readonly #waiters = new Waiters();
  /** The version that the store is at; undefined: it has to be listed. */
  #version: string | undefined;
  #streaming = true;
  #synced = false;
  #failures = 0;
  #failing: MirrorStatus["failing"];
  #lists = 0;
  #events = 0;

  constructor(options: MirrorOptions<V, I>) {
    this.#options = options;
    this.#store = new ObjectStore(options.indexes);
    const plural = pluralOf(options.kind);
    const where = options.namespace === undefined ? "" : ` in the namespace ${options.namespace}`;
    this.#purpose = {
      server: options.api.server,
      what: `follow ${plural}${where}`,
      right: `list and watch ${plural}${where}`,
    };
  }

  /** Everything that exists was seen at least once. */
  get synced(): boolean {
    return this.#synced;
  }

  get status(): MirrorStatus {
    return {
      resource: pluralOf(this.#options.kind),
      synced: this.#synced,
      objects: this.#store.size,
      ...defined({ failing: this.#failing }),
      lists: this.#lists,
      events: this.#events,
    };
  }

  /** Resolves once everything was seen; rejects with the signal's reason. */
  untilSynced(signal: AbortSignal): Promise<void> {
    return this.#waiters.until(() => this.#synced, signal);
  }

  get(key: string): V | undefined {
    return this.#store.get(key);
  }

  keys(): Iterable<string> {
    return this.#store.keys();
  }

  by(index: I, word: string): readonly string[] {
    return this.#store.by(index, word);
  }

  subscribe(changed: OnChanged<V>): () => void {
    return this.#store.subscribe(changed);
  }

  /** Follows until the signal is aborted, through every outage. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#version = undefined;
        const refused = statusOf(error);
        if (this.#streaming && (refused === 400 || refused === 422)) this.#streaming = false;
        else await this.#failed(error, signal);
      }
    }
  }

  async #failed(thrown: unknown, signal: AbortSignal): Promise<void> {
    if (!(thrown instanceof PodtrustError)) throw thrown;
    const { clock, logger } = this.#options;
    const { code, message } = thrown;
    // What the server no longer knows is listed at once; that is no outage.
    const gone = statusOf(thrown) === 410;
    if (!gone) {
      if (this.#failing?.code !== code) logger.warn(`${this.#purpose.what}: ${message}`, { code });
      this.#failing = { code, message, since: this.#failing?.since ?? clock.now() };
    }
    this.#failures += 1;
    const wait = gone && this.#failures === 1 ? 0 : backoffDelay(this.#failures, afterFailures);
    await clock.sleep(wait, signal).catch(() => {});
  }

  async #once(signal: AbortSignal): Promise<void> {
    if (this.#version === undefined && this.#streaming) return this.#watch({ initial: true }, signal);
    if (this.#version === undefined) await this.#listPages(signal);
    return this.#watch({ initial: false }, signal);
  }

  /** One watch, to its end in good order. `initial`: everything that exists comes first (WatchList). */
  async #watch({ initial }: { readonly initial: boolean }, signal: AbortSignal): Promise<void> {
    // Spread, so that many do not come back all at once.
    const seconds = 300 + randomInt(300);
    const { clock } = this.#options;
    const begun = clock.elapsed();
    const from = initial
      ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", resourceVersion: "" }
      : { resourceVersion: this.#version ?? "" };
    const query = { ...from, watch: "true", allowWatchBookmarks: "true", timeoutSeconds: String(seconds) };
    const accept = this.#options.metadataOnly === true ? metadataAccept : "application/json";
    const longest = seconds * 1000 + grace;
    let fresh = initial ? new Map<string, V>() : undefined;
    const ask = async (during: AbortSignal): Promise<void> => {
      // What is lost on the way is not ended by the server either.
      if (fresh !== undefined || clock.elapsed() - begun > longest)
        throw this.#notReady(`nothing came for ${clock.elapsed() - begun} ms`);
      await this.#ask(during);
    };
    const { silenceMs = defaultSilence } = this.#options;
    await whileHeard({ clock, silenceMs, signal, ask }, (heard, during) =>
      this.#follow({ query, accept, silenceMs: longest, signal: during }, async (body) => {
        const bounds = new ListBounds(this.#purpose, this.#options.maxObjects ?? defaultMaxObjects);
        for await (const event of eventsOf(this.#purpose, body)) {
          heard();
          if (fresh === undefined) this.#take(event);
          else if (this.#gather(fresh, event, bounds)) {
            this.#replace(fresh, versionOf(event.object));
            fresh = undefined;
          }
        }
      }),
    );
    // A server that is stopped ends its watches in good order too: its successor may have another history.
    if (clock.elapsed() - begun < (seconds - 2) * 1000 || this.#version === undefined)
      throw this.#notReady("the server ended it before its time");
  }

  #notReady(why: string): PodtrustError {
    const sentence = `cluster ${this.#purpose.server}, to ${this.#purpose.what}: ${why}`;
    return new PodtrustError("cluster-not-ready", sentence, { detail: { reason: "not-ready" } });
  }

  /**
   * Asks a server whose watch is silent for one object of the kind, which needs no other right and tells its version. That
   * is older than ours where the server was restored to an older state. Throws where the server is not there.
   */
  async #ask(signal: AbortSignal): Promise<void> {
    const { resourceVersion } = await this.#page({ limit: "1" }, signal).catch((error: unknown) => {
      // One that has too much to do is there, and a list of everything would be more.
      if (statusOf(error) === 429) return { resourceVersion: "" };
      throw error;
    });
    if (isBefore(resourceVersion, this.#version ?? ""))
      throw this.#notReady(`it is at version ${resourceVersion}, before the watch's ${this.#version ?? ""}`);
  }

  #page(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ListPage> {
    const { metadataOnly, silenceMs = defaultSilence } = this.#options;
    const accept = metadataOnly === true ? metadataListAccept : "application/json";
    return this.#follow({ query, accept, silenceMs, signal }, (body) => pageOf(this.#purpose, body));
  }

  /** Collects the first events of a watch; true at the one that ends them. */
  #gather(fresh: Map<string, V>, { type, object, size }: WatchEvent, bounds: ListBounds): boolean {
    if (type === "BOOKMARK")
      return recordOf(recordOf(object["metadata"])["annotations"])["k8s.io/initial-events-end"] === "true";
    const value = type === "DELETED" ? undefined : this.#options.keep(object);
    if (value === undefined) fresh.delete(keyOf(object));
    else fresh.set(keyOf(object), value);
    bounds.came(size, fresh.size);
    return false;
  }

  /** For servers without WatchList. */
  async #listPages(signal: AbortSignal): Promise<void> {
    const fresh = new Map<string, V>();
    const bounds = new ListBounds(this.#purpose, this.#options.maxObjects ?? defaultMaxObjects);
    let [next, version] = ["", ""];
    do {
      const query = { limit: String(pageSize), ...(next === "" ? {} : { continue: next }) };
      const page = await this.#page(query, signal);
      for (const item of page.items) {
        const value = this.#options.keep(item);
        if (value !== undefined) fresh.set(keyOf(item), value);
      }
      bounds.came(page.size, fresh.size);
      [next, version] = [page.continue, page.resourceVersion];
    } while (next !== "");
    this.#replace(fresh, version);
  }

  #replace(fresh: ReadonlyMap<string, V>, version: string): void {
    this.#store.replace(fresh);
    this.#version = version;
    this.#lists += 1;
    if (this.#failing !== undefined)
      this.#options.logger.info(`${this.#purpose.what}: it is up to date again`);
    this.#failing = undefined;
    this.#failures = 0;
    this.#synced = true;
    this.#waiters.check();
  }

  #take({ type, object }: WatchEvent): void {
    this.#version = versionOf(object);
    if (type === "BOOKMARK") return;
    this.#events += 1;
    const key = keyOf(object);
    const value = type === "DELETED" ? undefined : this.#options.keep(object);
    const { maxObjects = defaultMaxObjects } = this.#options;
    if (value !== undefined && this.#store.size >= maxObjects && !this.#store.has(key)) {
      const sentence = `cluster ${this.#purpose.server}, to ${this.#purpose.what}: there are more than ${maxObjects} objects`;
      throw new PodtrustError("cluster-answer-invalid", sentence, { detail: { reason: "too-large" } });
    }
    this.#store.set(key, value);
  }

  #follow<T>(
    asked: Pick<FollowOptions, "accept" | "silenceMs"> & {
      readonly query: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
    consume: (body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    const { api, kind, namespace, fields } = this.#options;
    const { query, ...options } = asked;
    const all = new URLSearchParams({ ...query, ...defined({ fieldSelector: fields }) });
    const path = `${allPath({ kind, ...defined({ namespace }) })}?${all.toString()}`;
    const { what, right } = this.#purpose;
    return api.follow(path, { what, right, ...options }, consume);
  }
}
