import { randomInt } from "node:crypto";
import { backoffDelay, ChildAbort, type Clock } from "../../core/base/index.ts";

/** When a key that was reconciled is to be looked at again. */
export interface NextReconcile {
  /** Milliseconds after which to look at it again even if nothing changes; absent: not before something does. */
  readonly againAfterMs?: number;
  /**
   * What keeps the key from what it asks for until a person mends it, and by which objects that was judged. While it is the
   * same, each wait is twice as long as the one before, from `againAfterMs` up to ten minutes.
   */
  readonly stuckOn?: string;
}

/** What is known of a key that is in the queue, runs, or failed when it ran last. */
interface Item {
  /** When it is due, by `elapsed`; absent while it is ready or runs. */
  due?: number;
  running: boolean;
  /** What it counts towards while it runs. */
  share?: string;
  /** Changed while it ran: once more afterwards. */
  dirty: boolean;
  /** In a row. */
  failures: number;
  /** `stuckOn` of its last reconcile, and for how many milliseconds it was to wait. */
  stuck?: { readonly on: string; readonly wait: number };
}

/** The waits after failures: from 500 ms, twice as long each time, up to five minutes. Milliseconds. */
const firstWait = 500;
const maxWait = 300_000;
/** The longest wait of what is stuck, in milliseconds. */
const maxStuckWait = 600_000;
/** What changes while it waits after a failure is tried sooner, but not at once: it may be our own trace that changed. */
const maxDirtyWait = 1000;

/** Milliseconds until the next reconcile. `before`: why, and how long, it was to wait last. */
function waitOf({ againAfterMs, stuckOn }: NextReconcile, before: Item["stuck"]): number | undefined {
  if (againAfterMs === undefined || stuckOn === undefined || before?.on !== stuckOn) return againAfterMs;
  return Math.min(maxStuckWait, 2 * before.wait);
}

const defaultLimit = 100_000;
/** Ends a pause. One for all: an error of its own each time is a stack that nobody reads. */
const woken = new Error("there may be something to do");

export interface QueueOptions {
  readonly clock: Clock;
  /** Keys that are kept at the most; 100,000 by default. */
  readonly limit?: number;
  /** How many keys of one share may run at a time. Default: any number. */
  readonly perShare?: number;
  /** The share of a key. Default: its namespace. */
  readonly shareOf?: (key: string) => string;
  /** A whole number from 0 to `below` − 1; by chance by default. */
  readonly chance?: (below: number) => number;
}

/**
 * Keys that have to be looked at: each once, however often it is added; never two at a time of one key; in turn between
 * namespaces, and no more at a time of those that share than they may; after failures with waits that grow; bounded.
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

  /** Whether there is no room for another key. */
  get full(): boolean {
    return this.#items.size >= this.#limit;
  }

  /** To be looked at as soon as it is its turn; false where there is no room for it. */
  add(key: string): boolean {
    const item = this.#item(key);
    if (item === undefined) return false;
    if (item.running) item.dirty = true;
    else if (item.failures > 0 && item.due !== undefined) this.#delay(key, item, maxDirtyWait);
    else this.#makeReady(key, item);
    return true;
  }

  /** The next key, once there is one; rejects with the signal's reason. It runs until `done` or `failed` is told. */
  async take(signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      this.#release();
      const key = this.#fairKeys.take((one) => this.#runningOf(this.#shareOf(one)) < this.#perShare);
      const item = key === undefined ? undefined : this.#items.get(key);
      if (key !== undefined && item !== undefined) {
        this.#begin(key, item);
        // Another worker may have something to do as well, or is to wait in this one's place for what is due next.
        this.#wake();
        return key;
      }
      await this.#pause(signal);
    }
  }

  /** It was reconciled. A change in the cluster ends each wait: what is stuck waits for what is mended elsewhere alone. */
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

  /** It could not be reconciled: again, after a while. Gives the milliseconds. */
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

  /** Whoever leads no longer forgets what was to be done: the next leader looks at everything. */
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
    // As it was counted: a key may be of another share by now.
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

  /** Due after so long, or sooner where it is due sooner already. */
  #delay(key: string, item: Item, ms: number): void {
    const due = this.#clock.elapsed() + ms;
    if (item.due !== undefined && item.due <= due) return;
    item.due = due;
    this.#delays.push(key, due);
    this.#wake();
  }

  /** Makes ready what is due. An entry that its key no longer waits by was overtaken, and is nothing. */
  #release(): void {
    const now = this.#clock.elapsed();
    for (let due = this.#delays.popDue(now); due !== undefined; due = this.#delays.popDue(now)) {
      const item = this.#items.get(due.key);
      if (item?.due === due.at) this.#makeReady(due.key, item);
    }
  }

  /** Until something is added, or is due. */
  async #pause(signal: AbortSignal): Promise<void> {
    const over = new ChildAbort(signal);
    this.#pausing.add(over);
    const { next } = this.#delays;
    const ms = next === undefined ? maxWait : Math.max(0, next - this.#clock.elapsed());
    await this.#clock.sleep(ms, over.signal).catch(() => {});
    over.release();
    this.#pausing.delete(over);
  }

  /** Lets one worker look: it wakes the next where it has found something. */
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

/** Keys that wait for their time, earliest first: a binary heap, in which a key may stand more than once. */
export class DelayedKeys {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due; undefined where none waits. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(key: string, at: number): void {
    this.#heap.push({ at, key });
    this.#rise(this.#heap.length - 1);
  }

  /** Takes the earliest out where it is due. */
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

/** Keys that are ready, given out in turn between namespaces, so that one with thousands of them delays no other. */
export class FairKeys {
  /** In the order in which it is their turn. */
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

  /** The key whose turn it is, the first of a namespace, that may run; its namespace comes last then. */
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

/** The namespace of a key; empty for what is of the whole cluster. */
export function namespaceOf(key: string): string {
  const slash = key.indexOf("/");
  return slash === -1 ? "" : key.slice(0, slash);
}
