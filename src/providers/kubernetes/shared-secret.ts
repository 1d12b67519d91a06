import { randomInt } from "node:crypto";
import {
  asPodtrustError,
  type Clock,
  defined,
  errorText,
  isRecord,
  type Logger,
  PodtrustError,
  retry,
  type RetrySchedule,
  textOf,
} from "../../core/base/index.ts";
import type { KubernetesApi } from "./api.ts";
import type { KubernetesObject, ObjectRef } from "./object.ts";

/** Which Secret, and where. */
export interface SharedSecretOptions {
  readonly cluster: Pick<KubernetesApi, "read" | "replace">;
  readonly namespace: string;
  readonly name: string;
  /** What to do where there is none: a sentence. */
  readonly ifAbsent: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a shared Secret holds. */
export interface SharedState {
  /** Texts by the names of their entries. */
  readonly entries: ReadonlyMap<string, string>;
  /** The holder of the write lock: the one that took it last. */
  readonly holder: string | undefined;
}

/** An object that carries what is shared. */
interface SecretReading {
  readonly object: KubernetesObject;
  readonly state: SharedState;
}

const holderAnnotation = "podtrust.dev/lock-holder";
// How much later, in milliseconds, the others serve what one replica saves.
const lookEvery = 2000;
// A writer that lost a race reads again and changes the new content.
const retries: RetrySchedule = {
  name: "another replica writes at the same time",
  delays: [20, 50, 100, 200, 400, 800],
  giveUpAfter: 20_000,
};

function stateOf(object: KubernetesObject): SharedState {
  const { data } = object;
  const entries = Object.entries(isRecord(data) ? data : {}).map(([name, value]): [string, string] => [
    name,
    Buffer.from(textOf(value) ?? "", "base64").toString("utf8"),
  ]);
  return { entries: new Map(entries), holder: object.metadata.annotations?.[holderAnnotation] };
}

function objectOf({ object }: SecretReading, { entries, holder }: SharedState): KubernetesObject {
  const mark = defined({ [holderAnnotation]: holder });
  const encoded = [...entries].map(([name, text]) => [name, Buffer.from(text).toString("base64")]);
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...mark } },
    data: Object.fromEntries(encoded) as Record<string, string>,
  };
}

const isConflict = (error: unknown): boolean =>
  error instanceof PodtrustError && error.code === "cluster-conflict";

/** Texts that replicas share: the entries of one Secret, changed only if no other writer has in between. */
export class SharedSecret {
  /** For sentences. */
  readonly place: string;
  readonly #options: SharedSecretOptions;
  readonly #ref: ObjectRef;
  readonly #listeners = new Set<{ readonly prefix: string; readonly notify: () => void }>();
  readonly #ending = new AbortController();
  #seen: SharedState | undefined;
  #reading: Promise<SecretReading> | undefined;
  #next: Promise<SecretReading> | undefined;
  #looking: Promise<void> | undefined;
  #trouble = "";

  constructor(options: SharedSecretOptions) {
    const { namespace, name } = options;
    this.#options = options;
    this.#ref = { kind: "Secret", namespace, name };
    this.place = `Secret ${namespace}/${name}`;
  }

  /** The content at some moment after the call. Throws what the API does, `cluster-not-found` without the Secret. */
  async read(): Promise<SharedState> {
    return (await this.#read()).state;
  }

  /**
   * Replaces the state with what `change` returns for it; undefined writes nothing. `change` is called again when
   * another writer was faster, and what it throws is thrown. Returns the final state.
   */
  async update(change: (state: SharedState) => SharedState | undefined): Promise<SharedState> {
    const { clock, cluster } = this.#options;
    return retry(
      async (attempt) => {
        if (attempt > 0) await clock.sleep(randomInt(0, 50));
        const seen = await this.#read();
        const next = change(seen.state);
        if (next === undefined) return seen.state;
        const written = stateOf(await cluster.replace(objectOf(seen, next)));
        // Our own write is not reported to us.
        this.#seen = written;
        return written;
      },
      { schedule: retries, clock, retryable: isConflict },
    );
  }

  /** Calls back when others changed an entry whose name begins so; gives the function that ends that. */
  onChange(prefix: string, notify: () => void): () => void {
    const listener = { prefix, notify };
    this.#listeners.add(listener);
    this.#looking ??= this.#look(this.#ending.signal);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error("the process is ending"));
    await this.#looking;
  }

  /** One exchange at a time serves all callers; a call while one is under way gets the next. */
  #read(): Promise<SecretReading> {
    if (this.#next !== undefined) return this.#next;
    const before = this.#reading?.catch(() => {});
    if (before === undefined) return this.#begin();
    this.#next = before.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<SecretReading> {
    const reading = this.#get().finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  async #get(): Promise<SecretReading> {
    const object = await this.#options.cluster.read(this.#ref);
    if (object === undefined) {
      throw new PodtrustError("cluster-not-found", `there is no ${this.place}`, {
        next: this.#options.ifAbsent,
      });
    }
    const state = stateOf(object);
    const before = this.#seen;
    this.#seen = state;
    if (before !== undefined) this.#notify(before, state);
    return { object, state };
  }

  #notify(before: SharedState, now: SharedState): void {
    const names = new Set([...before.entries.keys(), ...now.entries.keys()]);
    const changed = [...names].filter((name) => before.entries.get(name) !== now.entries.get(name));
    for (const { prefix, notify } of this.#listeners) {
      if (changed.some((name) => name.startsWith(prefix))) notify();
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#read();
        if (this.#trouble !== "") logger.info(`the ${this.place} can be read again`);
        this.#trouble = "";
      } catch (error) {
        const { message, next } = asPodtrustError(error);
        const said = errorText(error);
        if (said !== this.#trouble) logger.warn(`what replicas share cannot be read: ${message}`, { next });
        this.#trouble = said;
      }
      await clock.sleep(lookEvery, signal).catch(() => {});
    }
  }
}
