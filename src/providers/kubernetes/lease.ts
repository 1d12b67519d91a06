import {
  asPodtrustError,
  type Clock,
  errorText,
  type Logger,
  PodtrustError,
  TimeLimit,
} from "../../core/base/index.ts";
import type { KubernetesApi } from "./api.ts";
import { type LeaseRecord, newLease, readLease, releasedLease, renewedLease } from "./lease-record.ts";

/** The wanted Lease, and the identity to hold it. */
export interface LeaseOptions {
  readonly api: Pick<KubernetesApi, "read" | "create" | "replace">;
  readonly namespace: string;
  readonly name: string;
  /** Unique among all candidates and all earlier processes: a pod's name and something random. */
  readonly identity: string;
  /** Milliseconds, whole seconds, for which each renewal holds; 15,000 by default. */
  readonly durationMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A Lease that is held, and renewed until it is released or lost. */
export interface AcquiredLease {
  /** Aborted once it is lost, before any other can have it: stop what it protects. */
  readonly lost: AbortSignal;
  /**
   * Whether it is held at this moment. A process that slept asks here before it writes: after a sleep this is false at
   * once, whereas `lost` takes a turn of the event loop.
   */
  readonly held: boolean;
  /** Gives it back, so that another may take it at once. A second call does nothing; what fails is logged. */
  release(): Promise<void>;
}

/** The holder of a Lease, as last seen. */
export interface LeaseObservation {
  readonly holder: string | undefined;
  readonly transitions: number;
}

const defaultDuration = 15_000;

/** The times of a Lease, all as parts of the time for which one renewal holds. */
interface LeaseTimes {
  readonly duration: number;
  /** Between two renewals, and for each exchange with the API server. */
  readonly renew: number;
  /** How long after sending its last renewal the holder considers it lost: a fifth before others do. */
  readonly hold: number;
  /** Between two looks at another's, and after a failure. */
  readonly retry: number;
}

function timesOf(duration = defaultDuration): LeaseTimes {
  if (!Number.isInteger(duration / 1000) || duration < 1000)
    throw new TypeError(`a lease of ${duration} ms: whole seconds, one at least`);
  return { duration, renew: duration / 3, hold: (duration * 4) / 5, retry: duration / 10 };
}

/** Ends work that takes longer than `ms` of the clock. */
async function within<T>(
  clock: Clock,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit(clock, { ms, signal });
  try {
    return await work(limit.signal);
  } catch (error) {
    if (!limit.isLate || signal.aborted) throw error;
    const sentence = `the API server did not answer within ${Math.round(ms)} ms`;
    throw new PodtrustError("cluster-unreachable", sentence, { cause: error });
  } finally {
    await limit.end();
  }
}

class RunningLease implements AcquiredLease {
  readonly #options: LeaseOptions;
  readonly #times: LeaseTimes;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  #record: LeaseRecord;
  /** Until when it is ours, by `elapsed` of our own clock. */
  #until: number;

  /** `sentAt`: when the request was sent that took it, by `elapsed`: it may have been carried out at once. */
  constructor(options: LeaseOptions, times: LeaseTimes, record: LeaseRecord, sentAt: number) {
    this.#options = options;
    this.#times = times;
    this.#record = record;
    this.#until = sentAt + times.hold;
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get held(): boolean {
    const { clock } = this.#options;
    return !this.#lost.signal.aborted && !this.#stop.signal.aborted && clock.elapsed() < this.#until;
  }

  async release(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { held } = this;
    this.#stop.abort(new Error("the lease was released"));
    await this.#renewing;
    if (held) await this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    const { clock, logger, namespace, name } = this.#options;
    const call = { ms: this.#times.renew, signal: new AbortController().signal };
    try {
      await within(clock, call, (signal) => this.#writeReleased(signal));
    } catch (error) {
      // It ends by itself.
      logger.warn("a lease could not be given back", {
        lease: `${namespace}/${name}`,
        error: errorText(error),
      });
    }
  }

  async #writeReleased(signal: AbortSignal): Promise<void> {
    const { api, clock, identity, namespace, name } = this.#options;
    const write = (record: LeaseRecord) => api.replace(releasedLease(record, clock.now()), { signal });
    try {
      await write(this.#record);
    } catch (error) {
      if (asPodtrustError(error).code !== "cluster-conflict") throw error;
      // The renewal that the release cut off was carried out anyway, or another took it.
      const object = await api.read({ kind: "Lease", namespace, name }, { signal });
      const record = object === undefined ? undefined : readLease(object);
      if (record?.holder === identity) await write(record);
    }
  }

  async #renew(): Promise<void> {
    const { clock, logger, namespace, name } = this.#options;
    let wait = this.#times.renew;
    try {
      for (;;) {
        const left = this.#until - clock.elapsed();
        await clock.sleep(Math.min(wait, Math.max(0, left)), this.#stop.signal);
        if (clock.elapsed() >= this.#until) throw new Error("it could not be renewed in time");
        wait = (await this.#tryRenewal()) ? this.#times.renew : this.#times.retry;
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logger.warn("a lease was lost", { lease: `${namespace}/${name}`, error: errorText(error) });
      this.#lost.abort(error);
    }
  }

  /** One renewal; false when it has to be tried again. Throws when another has it. */
  async #tryRenewal(): Promise<boolean> {
    const { api, clock, identity, logger, namespace, name } = this.#options;
    const sentAt = clock.elapsed();
    const ms = Math.min(this.#times.renew, this.#until - sentAt);
    const spec = { holder: identity, durationMs: this.#times.duration, now: clock.now() };
    try {
      const object = await within(clock, { ms, signal: this.#stop.signal }, (signal) =>
        api.replace(renewedLease(this.#record, spec), { signal }),
      );
      this.#record = readLease(object);
      this.#until = sentAt + this.#times.hold;
      return true;
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      const { code, message } = asPodtrustError(error);
      if (code === "cluster-conflict" || code === "cluster-not-found") return this.#lookAgain();
      logger.warn("a lease could not be renewed", { lease: `${namespace}/${name}`, error: message });
      return false;
    }
  }

  /**
   * It was written: by us, in a renewal whose answer was lost, or by another. That it is still ours extends nothing;
   * the renewal that follows does.
   */
  async #lookAgain(): Promise<boolean> {
    const { api, clock, identity, namespace, name } = this.#options;
    const ms = Math.max(0, this.#until - clock.elapsed());
    const object = await within(clock, { ms, signal: this.#stop.signal }, (signal) =>
      api.read({ kind: "Lease", namespace, name }, { signal }),
    ).catch(() => false as const);
    if (object === false) return false;
    if (object === undefined) throw new Error("it was deleted");
    const record = readLease(object);
    if (record.holder !== identity) throw new Error(`${record.holder ?? "no one"} has it`);
    this.#record = record;
    return false;
  }
}

/** The taking of a Lease. */
class Attempt {
  readonly #options: LeaseOptions;
  readonly #times: LeaseTimes;
  readonly #seen: ((observation: LeaseObservation) => void) | undefined;
  /** What failed last: said once, however often it is tried. */
  #said = "";
  /** The record that was seen last, and when it was seen first, by `elapsed` of our own clock. */
  #watched: { readonly version: string; readonly since: number; readonly durationMs: number } | undefined;

  constructor(options: LeaseOptions, seen: ((observation: LeaseObservation) => void) | undefined) {
    this.#options = options;
    this.#times = timesOf(options.durationMs);
    this.#seen = seen;
  }

  async take(signal: AbortSignal): Promise<AcquiredLease> {
    const { clock, logger, namespace, name } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        const held = await within(clock, { ms: this.#times.renew, signal }, (end) => this.#look(end));
        if (held !== undefined) return held;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PodtrustError)) throw error;
        // Another was faster.
        if (error.code === "cluster-conflict") continue;
        if (error.message !== this.#said)
          logger.warn("a lease cannot be had", { lease: `${namespace}/${name}`, error: error.message });
        this.#said = error.message;
      }
      await clock.sleep(this.#times.retry, signal);
    }
  }

  /** One look: the lease, or undefined where another has it. */
  async #look(signal: AbortSignal): Promise<AcquiredLease | undefined> {
    const { api, clock, identity, namespace, name } = this.#options;
    const object = await api.read({ kind: "Lease", namespace, name }, { signal });
    const record = object === undefined ? undefined : readLease(object);
    this.#seen?.({ holder: record?.holder, transitions: record?.transitions ?? 0 });
    if (!this.#isFree(record)) return undefined;
    const spec = { holder: identity, durationMs: this.#times.duration, now: clock.now() };
    const sentAt = clock.elapsed();
    const taken =
      record === undefined
        ? await api.create(newLease(namespace, name, spec), { signal })
        : await api.replace(renewedLease(record, spec), { signal });
    this.#seen?.({ holder: identity, transitions: readLease(taken).transitions });
    return new RunningLease(this.#options, this.#times, readLease(taken), sentAt);
  }

  /**
   * Judged by how long WE saw it unchanged: clocks of several machines may differ, and what stands in it may come from
   * a store that was restored. So our own name in it proves nothing either. One that vanished was held until then.
   */
  #isFree(record: LeaseRecord | undefined): boolean {
    const now = this.#options.clock.elapsed();
    if (record === undefined) {
      const { since, durationMs } = this.#watched ?? { since: -Infinity, durationMs: 0 };
      return now >= since + durationMs;
    }
    if (record.holder === undefined) return true;
    const { uid = "", resourceVersion = "" } = record.object.metadata;
    const version = `${uid} ${resourceVersion}`;
    // Its writer may hold it for as long as it says, or as we would.
    const durationMs = Math.max(record.durationMs, this.#times.duration);
    if (this.#watched?.version !== version) this.#watched = { version, since: now, durationMs };
    return now >= this.#watched.since + durationMs;
  }
}

/**
 * Waits for a Lease and takes it (coordination.k8s.io/v1). Of all candidates one holds it at a time, whatever their
 * clocks show; that needs only clocks that run at the same speed within a fifth, and holders who stop when `lost` says
 * so. An API server that is away, frozen or refuses is asked again.
 *
 * Needs the rights get, create and update on leases. `seen` gets the holder at every look. Rejects with the signal's
 * reason.
 */
export async function acquireLease(
  options: LeaseOptions,
  signal: AbortSignal,
  seen?: (observation: LeaseObservation) => void,
): Promise<AcquiredLease> {
  return new Attempt(options, seen).take(signal);
}
