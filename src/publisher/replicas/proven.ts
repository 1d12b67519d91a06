import { type Logger, PodtrustError } from "../../core/base/index.ts";
import {
  isProven,
  proofEntryOf,
  proofOf,
  type SharedSecret,
  type SharedState,
} from "../../providers/kubernetes/index.ts";
import type { StoreKeys } from "./store-keys.ts";

/** What stands in an entry of a Secret that replicas share, and whether one of them wrote it. */
export interface StandingEntry {
  readonly text: string | undefined;
  readonly proof: string | undefined;
  readonly isProven: boolean;
}

/**
 * What nothing proves is carried on up to so many characters together, since it may say distrusts. More is dropped with
 * the next write: the API server takes no Secret over 1 MiB (corev1.MaxSecretSize), and a writer could block all others.
 */
const maxUnproven = 262_144;

/** The entry as one of these keys proves it: its name is part of the proof. */
export function standingIn({ entries }: SharedState, entry: string, keys: readonly string[]): StandingEntry {
  const [text, proof] = [entries.get(entry), entries.get(proofEntryOf(entry))];
  return { text, proof, isProven: text !== undefined && isProven(keys, entry, text, proof) };
}

/** The state without an entry and its proof. */
export function withoutEntry(state: SharedState, entry: string): SharedState {
  const entries = new Map(state.entries);
  entries.delete(entry);
  entries.delete(proofEntryOf(entry));
  return { ...state, entries };
}

function withoutBallast(state: SharedState, keys: readonly string[]): SharedState {
  const proven = [...state.entries.keys()].filter((entry) => standingIn(state, entry, keys).isProven);
  const kept = new Set(proven.flatMap((entry) => [entry, proofEntryOf(entry)]));
  const others = [...state.entries].filter(([entry]) => !kept.has(entry));
  const size = others.reduce((sum, [entry, text]) => sum + entry.length + text.length, 0);
  if (size <= maxUnproven) return state;
  return { ...state, entries: new Map([...state.entries].filter(([entry]) => kept.has(entry))) };
}

/** The state with an entry that the first of the keys proves. Throws `publisher-store-key` without a key. */
export function withEntry(
  state: SharedState,
  [entry, text]: readonly [string, string],
  keys: readonly string[],
): SharedState {
  const [writing] = keys;
  if (writing === undefined) throw keyMissing(entry);
  const { entries, ...rest } = withoutBallast(state, keys);
  const proof = proofOf(writing, entry, text);
  return { ...rest, entries: new Map(entries).set(entry, text).set(proofEntryOf(entry), proof) };
}

/** Whether the first of the keys proves just this text there. */
export function isWritten(
  { text, proof }: StandingEntry,
  [entry, fresh]: readonly [string, string],
  [writing]: readonly string[],
): boolean {
  return text === fresh && writing !== undefined && proof === proofOf(writing, entry, fresh);
}

/** Calls back when others changed an entry whose name begins so, or its proof; gives the function that ends that. */
export function onEntryChange(secret: SharedSecret, prefix: string, notify: () => void): () => void {
  const ends = [prefix, proofEntryOf(prefix)].map((one) => secret.onChange(one, notify));
  return () => ends.forEach((end) => end());
}

/** What a writer and reader without a key is told. */
export function keyMissing(what: string): PodtrustError {
  return new PodtrustError(
    "publisher-store-key",
    `${what}: no key of at least 43 characters is mounted that proves who wrote it`,
  );
}

/** So many entries are remembered at most: their names are a writer's. */
const maxSaid = 100;

/** Entries beside the documents that no replica wrote: each text is logged and counted once. */
export class ForgedEntries {
  readonly #logger: Logger;
  readonly #said = new Map<string, string>();
  count = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Notes one; returns its error. */
  note(place: string, entry: string, text: string): PodtrustError {
    const error = new PodtrustError(
      "certificate-store-invalid",
      `${place}, ${entry}: it was not written by a replica, or by podtrust before its replicas had a key, and is not used`,
      { next: "Find out who may write that Secret. The replicas write theirs again." },
    );
    if (this.#said.get(entry) === text) return error;
    if (this.#said.size >= maxSaid) this.#said.clear();
    this.#said.set(entry, text);
    this.count += 1;
    this.#logger.error(error.message, { code: error.code, next: error.next });
    return error;
  }
}

/** What reading and writing proven entries takes. */
export interface ProvenAccess {
  readonly keys: StoreKeys;
  readonly forged: ForgedEntries;
}
