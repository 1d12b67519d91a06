import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { keyOf } from "./status.ts";

interface Kept {
  readonly version: bigint;
  readonly text: string;
}

/** Characters of all that is kept: a thousand bindings that are made at once are a third of it. */
const most = 4_000_000;

/** A number that grows with each write (KEP-5504, Kubernetes 1.35); undefined where a server has others. */
function versionOf({ metadata: { resourceVersion = "" } }: KubernetesObject): bigint | undefined {
  return /^\d{1,20}$/u.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
}

/** Without who owns which field, which is half of an object and nothing to its controller. */
function textOf(object: KubernetesObject): string {
  return JSON.stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined } });
}

/**
 * Bindings whose turn comes soon, as a watch or the answer to a write of our own last had them, so that the turn need not
 * read what was just sent. It may be another by now: `BindingTurns` changes nothing before the API server has said that it
 * is not.
 */
export class LatestObjects {
  readonly #kept = new Map<string, Kept>();
  #size = 0;
  /** Whether anybody takes them: a process that has not led yet has no turns. */
  #isAsked = false;

  /** Keeps one whose turn comes soon, unless a newer one is kept. */
  keep(object: KubernetesObject): void {
    if (this.#isAsked) this.#put(object);
  }

  /** One that has changed in something that is no reason for a turn: whoever waits for his turn is to have it as it is. */
  changed(object: KubernetesObject): void {
    if (this.#kept.has(keyOf(object))) this.#put(object);
  }

  /** The newest that is known, once; undefined where it is to be read. */
  take(key: string): KubernetesObject | undefined {
    this.#isAsked = true;
    const kept = this.#forget(key);
    return kept === undefined ? undefined : (JSON.parse(kept.text) as KubernetesObject);
  }

  /** It is gone. */
  gone(key: string): void {
    this.#forget(key);
  }

  #put(object: KubernetesObject): void {
    const [key, version] = [keyOf(object), versionOf(object)];
    const before = this.#kept.get(key);
    if (before !== undefined && version !== undefined && before.version >= version) return;
    this.#forget(key);
    if (version === undefined) return;
    const text = textOf(object);
    if (text.length > most) return;
    // Those whose turn never came make room: they are a saving, and nothing is lost with them.
    if (this.#size + text.length > most) this.#clear();
    this.#kept.set(key, { version, text });
    this.#size += text.length;
  }

  #clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #forget(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    this.#size -= kept?.text.length ?? 0;
    return kept;
  }
}
