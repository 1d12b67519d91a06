import { randomInt } from "node:crypto";
import { backoffDelay, ChildAbort, type Clock } from "../../core/base/index.ts";

/** When to reconcile a key again. */
export interface NextReconcile {
  /** Milliseconds after which to look again even if nothing changes; absent: only after a change. */
  readonly againAfterMs?: number;
  /**
   * What blocks the key until a person fixes it, and the objects that this was judged by. While it stays the same, each
   * wait doubles, from `againAfterMs` up to ten minutes.
   */
  readonly stuckOn?: string;
}

/** State of a key that is queued, running, or failed last time. */
interface Item {
  /** When it is due, by `elapsed`; absent while it is ready or running. */
  due?: number;
  running: boolean;
  /** The share that it counts towards while running. */
  share?: string;
  /** Changed while running: reconcile once more afterwards. */
  dirty: boolean;
  /** In a row. */
  failures: number;
  /** `stuckOn` of its last reconcile, and its wait in milliseconds. */
  stuck?: { readonly on: string; readonly wait: number };
}

/** The waits after failures: from 500 ms, doubling up to five minutes. Milliseconds. */
const firstWait = 500;
const maxWait = 300_000;
/** The longest wait of a stuck key, in milliseconds. */
const maxStuckWait = 600_000;
/** A change during the wait after a failure shortens it, but not to zero: the change may be our own write. */
const maxDirtyWait = 1000;

/** Milliseconds until the next reconcile. `before`: reason and length of the last wait. */
function waitOf({ againAfterMs, stuckOn }: NextReconcile, before: Item["stuck"]): number | undefined {
  if (againAfterMs === undefined || stuckOn === undefined || before?.on !== stuckOn) return againAfterMs;
  return Math.min(maxStuckWait, 2 * before.wait);
}

const defaultLimit = 100_000;
/** Ends a pause. One for all: a new error each time costs a stack trace that is never read. */
const woken = new Error("there may be something to do");

export interface QueueOptions {
  readonly clock: Clock;
  /** The most keys kept; 100,000 by default. */
  readonly limit?: number;
  /** How many keys of one share may run at a time. Default: any number. */
  readonly perShare?: number;
  /** The share of a key. Default: its namespace. */
  readonly shareOf?: (key: string) => string;
  /** An integer from 0 to `below` − 1; random by default. */
  readonly chance?: (below: number) => number;
}

/**
 * Keys to reconcile: each once, however often it is added; one run at a time per key; namespaces in turn, and no share
 * above its limit; growing waits after failures; bounded.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #chance: (below: number) => number;
  readonly #items = new Map<string, Item>();
  readonly #perShare: number;
  readonly #shareOf: (key: string) => string;
  /** How many keys run, by share. */
  readonly #running = new Map<string, number>();
  readonly #fairKeys = new FairKeys();
  readonly #delays = new DelayedKeys();
  readonly #pausing = new Set<ChildAbort>();

  constructor(options: QueueOptions) {
    const { clock, limit = defaultLimit, chance = randomInt } = options;
    const { perShare = Infinity, shareOf = namespaceOf } = options;
    this.#clock = clock;
    this.#perShare = perShare;
    this.#shareOf = shareOf;
    this.#limit = limit;
    this.#chance = chance;
  }

  /** Keys that wait for a worker now. */
  get ready(): number {
    return this.#fairKeys.size;
  }

  /** Keys whose last reconcile failed. */
  get failing(): number {
    let count = 0;
    for (const { failures } of this.#items.values()) if (failures > 0) count += 1;
    return count;
  }

  /** Whether the queue is full. */
  get full(): boolean {
    return this.#items.size >= this.#limit;
  }

  /** To be reconciled as soon as possible; false if the queue is full. */
  add(key: string): boolean {
    const item = this.#item(key);
    if (item === undefined) return false;
    if (item.running) item.dirty = true;
    else if (item.failures > 0 && item.due !== undefined) this.#delay(key, item, maxDirtyWait);
    else this.#makeReady(key, item);
    return true;
  }

  /**
   * The next key, once there is one; rejects with the signal's reason. It counts as running until `done` or `failed` is
   * called.
   */
  async take(signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      this.#release();
      const key = this.#fairKeys.take((one) => this.#runningOf(this.#shareOf(one)) < this.#perShare);
      const item = key === undefined ? undefined : this.#items.get(key);
      if (key !== undefined && item !== undefined) {
        this.#begin(key, item);
        // Another worker may have something to do as well, or has to wait in this one's place for what is due next.
        this.#wake();
        return key;
      }
      await this.#pause(signal);
    }
  }

  /** It was reconciled. Any change in the cluster ends a wait, except for stuck keys, which wait for a fix elsewhere. */
  done(key: string, next: NextReconcile = {}): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    item.failures = 0;
    this.#end(item);
    const wait = waitOf(next, item.stuck);
    delete item.stuck;
    if (next.stuckOn !== undefined && wait !== undefined) item.stuck = { on: next.stuckOn, wait };
    if (item.dirty) this.#makeReady(key, item);
    else if (wait === undefined) this.#items.delete(key);
    else this.#delay(key, item, wait);
  }

  /** Its reconcile failed: again after a while. Returns the milliseconds. */
  failed(key: string): number {
    const item = this.#items.get(key);
    if (item === undefined) return 0;
    this.#end(item);
    item.failures += 1;
    const wait = backoffDelay(item.failures, { first: firstWait, max: maxWait, chance: this.#chance });
    const ms = item.dirty ? Math.min(wait, maxDirtyWait) : wait;
    item.dirty = false;
    this.#delay(key, item, ms);
    return ms;
  }

  /** A process that stops leading drops its queue: the next leader reconciles everything. */
  clear(): void {
    while (this.#fairKeys.take() !== undefined);
    while (this.#delays.popDue(Infinity) !== undefined);
    this.#items.clear();
    this.#running.clear();
  }

  #runningOf(share: string): number {
    return this.#running.get(share) ?? 0;
  }

  #begin(key: string, item: Item): void {
    item.running = true;
    const share = this.#shareOf(key);
    item.share = share;
    this.#running.set(share, this.#runningOf(share) + 1);
  }

  #end(item: Item): void {
    item.running = false;
    // As it was counted: the key may belong to another share by now.
    const { share = "" } = item;
    const left = this.#runningOf(share) - 1;
    if (left > 0) this.#running.set(share, left);
    else this.#running.delete(share);
    // A key of the share may have waited for this one.
    if (this.#fairKeys.size > 0) this.#wake();
  }

  #item(key: string): Item | undefined {
    const known = this.#items.get(key);
    if (known !== undefined || this.full) return known;
    const item: Item = { running: false, dirty: false, failures: 0 };
    this.#items.set(key, item);
    return item;
  }

  #makeReady(key: string, item: Item): void {
    delete item.due;
    item.dirty = false;
    this.#fairKeys.add(key);
    this.#wake();
  }

  /** Due after this time, or at its earlier time if it has one. */
  #delay(key: string, item: Item, ms: number): void {
    const due = this.#clock.elapsed() + ms;
    if (item.due !== undefined && item.due <= due) return;
    item.due = due;
    this.#delays.push(key, due);
    this.#wake();
  }

  /** Makes due keys ready. A heap entry that its key no longer waits for is stale and ignored. */
  #release(): void {
    const now = this.#clock.elapsed();
    for (let due = this.#delays.popDue(now); due !== undefined; due = this.#delays.popDue(now)) {
      const item = this.#items.get(due.key);
      if (item?.due === due.at) this.#makeReady(due.key, item);
    }
  }

  /** Waits until something is added or due. */
  async #pause(signal: AbortSignal): Promise<void> {
    const over = new ChildAbort(signal);
    this.#pausing.add(over);
    const { next } = this.#delays;
    const ms = next === undefined ? maxWait : Math.max(0, next - this.#clock.elapsed());
    await this.#clock.sleep(ms, over.signal).catch(() => {});
    over.release();
    this.#pausing.delete(over);
  }

  /** Lets one worker look: it wakes the next if it has found something. */
  #wake(): void {
    const [one] = this.#pausing;
    if (one === undefined) return;
    this.#pausing.delete(one);
    one.abort(woken);
  }
}

interface Entry {
  readonly at: number;
  readonly key: string;
}

/** Keys waiting for their time, earliest first: a binary heap, which may hold a key more than once. */
export class DelayedKeys {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due; undefined if none waits. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(key: string, at: number): void {
    this.#heap.push({ at, key });
    this.#rise(this.#heap.length - 1);
  }

  /** Removes the earliest if it is due. */
  popDue(now: number): Entry | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const least = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(least) >= this.#at(index)) return;
      this.#swap(least, index);
      index = least;
    }
  }
}

/** Ready keys, handed out in turn between namespaces, so that one with thousands of keys delays no other. */
export class FairKeys {
  /** Namespaces in the order of their turns. */
  readonly #namespaces = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(key: string): void {
    const namespace = namespaceOf(key);
    const keys = this.#namespaces.get(namespace) ?? new Set();
    if (keys.has(key)) return;
    keys.add(key);
    this.#size += 1;
    this.#namespaces.set(namespace, keys);
  }

  /** The next key that may run, the first of its namespace; that namespace then comes last. */
  take(mayRun: (key: string) => boolean = () => true): string | undefined {
    for (const [namespace, keys] of this.#namespaces) {
      const [key] = keys;
      if (key === undefined || !mayRun(key)) continue;
      keys.delete(key);
      this.#size -= 1;
      this.#namespaces.delete(namespace);
      if (keys.size > 0) this.#namespaces.set(namespace, keys);
      return key;
    }
    return undefined;
  }
}

/** The namespace of a key; empty for cluster-wide objects. */
export function namespaceOf(key: string): string {
  const slash = key.indexOf("/");
  return slash === -1 ? "" : key.slice(0, slash);
}
