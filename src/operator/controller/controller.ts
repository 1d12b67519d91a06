/** What a reconcile may use and has to keep to. */
export interface Reconcile {
  /** Aborted when the process ends, the lease is lost or the reconcile takes too long: stop, and throw its reason. */
  readonly signal: AbortSignal;
  /**
   * Throws `interrupted` unless this process still holds the lease by which it alone writes. To be called before each
   * write, in the cluster or elsewhere: a process that slept comes back in the middle of its work.
   */
  readonly assertHeld: () => void;
}

/** What is to come after a reconcile that did its work. */
export interface ReconcileResult {
  /** Milliseconds after which to look at it again even if nothing changes; absent: not before something does. */
  readonly againAfterMs?: number;
  /** A reason, of a fixed set: what the key asks for is not so, and that is told where people look for it. */
  readonly unmet?: string;
}

/** What a controller follows: which keys have to be looked at when something changes. */
export interface Followed {
  /** Everything that is there was seen at least once. */
  readonly synced: boolean;
  /** Resolves once `synced` is true; rejects with the signal's reason. */
  untilSynced(signal: AbortSignal): Promise<void>;
  /** The keys of all that is there now. */
  keys(): Iterable<string>;
  /** Calls back with the key of what changed, appeared or went away; gives the function that ends that. */
  subscribe(changed: (key: string) => void): () => void;
}

/**
 * Brings what it is responsible for to what it should be, key by key.
 *
 * - A key is `namespace/name`, or `name` for what is of the whole cluster. It says what to look at, not what happened:
 *   a reconcile reads how things are and does what is missing, also for what is gone.
 * - Of one key one reconcile runs at a time; of one controller a few.
 * - Throwing means: again, later, with growing waits. Nothing else is made of an error but a line of the log, the
 *   metrics and the status; what people should see in the cluster the reconcile writes itself.
 * - Reconciles run in the process that holds the lease. One whose process is killed is done again by the next, from the
 *   beginning: each write has to be right when it is done twice.
 */
export interface Controller {
  /** Of lower-case letters and hyphens; names it in log, metrics and status. */
  readonly name: string;
  readonly follows: readonly Followed[];
  /** How many reconciles at a time; 4 by default. */
  readonly concurrency?: number;
  /** How many of them may be of one share. Default: all. */
  readonly perShare?: number;
  /** What a key's reconciles count towards. Default: its namespace. */
  readonly shareOf?: (key: string) => string;
  reconcile(key: string, run: Reconcile): Promise<ReconcileResult | void>;
}

/** The namespace of a key; empty for what is of the whole cluster. */
export function namespaceOf(key: string): string {
  const slash = key.indexOf("/");
  return slash === -1 ? "" : key.slice(0, slash);
}

/**
 * Follows one sort of objects for the keys of another: a change of `source` is one of each of `keysOf` the key that
 * changed. `keys` gives all that are there; none by default, where somebody else that is followed has them.
 */
export function followedAs(
  source: Pick<Followed, "synced" | "untilSynced" | "subscribe">,
  keysOf: (key: string) => Iterable<string>,
  keys: () => Iterable<string> = () => [],
): Followed {
  return {
    get synced() {
      return source.synced;
    },
    untilSynced: (signal) => source.untilSynced(signal),
    keys,
    subscribe: (changed) =>
      source.subscribe((key) => {
        for (const one of keysOf(key)) changed(one);
      }),
  };
}
