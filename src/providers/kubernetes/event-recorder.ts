import { createHash } from "node:crypto";
import { microTime } from "./lease-record.ts";
import { type Clock, type Logger, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { CallOptions, KubernetesApi } from "./api.ts";
import type { KubernetesObject } from "./object.ts";

/** The object that an Event is about, as Events name it. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects: such Events are in the namespace `default`. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** Something that people should see beside an object (kubectl describe, kubectl events). */
export interface NewEvent {
  readonly regarding: Regarding;
  readonly type: "Normal" | "Warning";
  /** A stable word, of `core/reasons/` where one fits. */
  readonly reason: string;
  /** What was done or tried: `Inject`, `Evict`. */
  readonly action: string;
  /** A sentence. */
  readonly note: string;
  /** When it happened, in milliseconds since the epoch; now by default. */
  readonly at?: number;
}

export interface RecorderOptions {
  readonly api: Pick<KubernetesApi, "create" | "read" | "replace">;
  /** The reporting controller: `podtrust.dev/operator`. */
  readonly controller: string;
  /** Which process of it. */
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const apiVersion = "events.k8s.io/v1";
/** The API server takes no longer note (ValidateEventCreate). */
const maxNote = 1024;
/** How often a continuing event is written again: an Event lives for an hour by default. */
const again = 30 * 60_000;
const maxRemembered = 10_000;

function digestOf({ regarding, reason, action, note }: NewEvent): string {
  const { kind, namespace = "", name, uid = "" } = regarding;
  const all = JSON.stringify([kind, namespace, name, uid, reason, action, note]);
  return createHash("sha256").update(all).digest("hex").slice(0, 16);
}

/**
 * Writes Events (events.k8s.io/v1), each once: a repetition, by this process or the one before it, becomes a count in
 * the same Event, and not before half an hour has passed. An Event that cannot be written is a line of the log and
 * nothing else. Needs the rights create, get and update on events of events.k8s.io.
 */
export class EventRecorder {
  readonly #options: RecorderOptions;
  /** When each was written last, by `elapsed`; oldest first. */
  readonly #written = new Map<string, number>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  async record(happening: NewEvent, options: CallOptions = {}): Promise<void> {
    const { clock, logger } = this.#options;
    const digest = digestOf(happening);
    const before = this.#written.get(digest);
    if (before !== undefined && clock.elapsed() - before < again) return;
    this.#remember(digest);
    try {
      await this.#write(happening, digest, options);
    } catch (error) {
      if (!(error instanceof PodtrustError)) throw error;
      this.#written.delete(digest);
      const { kind, namespace = "", name } = happening.regarding;
      logger.warn(`an Event could not be written: ${error.message}`, {
        regarding: `${kind} ${namespace}/${name}`,
        reason: happening.reason,
      });
    }
  }

  #remember(digest: string): void {
    const now = this.#options.clock.elapsed();
    this.#written.delete(digest);
    this.#written.set(digest, now);
    for (const [oldest, at] of this.#written) {
      if (this.#written.size <= maxRemembered && now - at < again) break;
      this.#written.delete(oldest);
    }
  }

  async #write(happening: NewEvent, digest: string, options: CallOptions): Promise<void> {
    const { api, controller, instance, clock } = this.#options;
    const { regarding, type, reason, action, note, at = clock.now() } = happening;
    const namespace = regarding.namespace ?? "default";
    // 253 characters at the most, as all names.
    const name = `${regarding.name.slice(0, 230)}.${digest}`;
    const now = microTime(at);
    const event: KubernetesObject = {
      apiVersion,
      kind: "Event",
      metadata: { name, namespace },
      eventTime: now,
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      type,
      reason,
      action,
      note: note.slice(0, maxNote),
      regarding,
    };
    try {
      await api.create(event, options);
    } catch (error) {
      if (!(error instanceof PodtrustError) || error.code !== "cluster-conflict") throw error;
      await this.#count({ namespace, name, now }, options);
    }
  }

  /** Only the series of an existing Event may change. */
  async #count(
    { namespace, name, now }: { readonly namespace: string; readonly name: string; readonly now: string },
    options: CallOptions,
  ): Promise<void> {
    const { api } = this.#options;
    const there = await api.read({ kind: "events.k8s.io/Event", namespace, name }, options);
    if (there === undefined) return;
    const { count } = recordOf(there["series"]);
    const series = { count: (typeof count === "number" ? count : 1) + 1, lastObservedTime: now };
    await api.replace({ ...there, series }, options).catch((error: unknown) => {
      // Another counted it in this moment.
      if (!(error instanceof PodtrustError) || error.code !== "cluster-conflict") throw error;
    });
  }
}
