import { PodtrustError } from "../../src/core/base/index.ts";
import type { RecordCopy, RecordKeeper } from "../../src/control-plane/record/index.ts";
import type { NextHalf } from "../../src/rules/rotation/index.ts";

/** A server's copy of the record, in memory, and its clock. */
export class MemoryRecord implements RecordKeeper {
  text: string | undefined;
  halves: readonly NextHalf[] = [];
  /** SSH does not reach the machine. */
  isAway = false;
  /** Nothing can be written to its disk. */
  isFull = false;
  readonly #now: () => number;
  readonly #called: () => void;

  /** `now`: its clock; `called`: at each call that writes, after it has. */
  constructor(now: () => number, called: () => void = () => {}) {
    this.#now = now;
    this.#called = called;
  }

  /** The machine is made anew: its disk is empty. */
  empty(): void {
    this.text = undefined;
    this.halves = [];
  }

  async read(): Promise<RecordCopy> {
    this.#reach();
    return Promise.resolve({ now: this.#now(), text: this.text, halves: this.halves });
  }

  async write(text: string, over: string | undefined): Promise<boolean> {
    this.#change();
    if (this.text !== over) return Promise.resolve(false);
    this.text = text;
    this.#called();
    return Promise.resolve(true);
  }

  async putHalf(half: NextHalf): Promise<void> {
    await this.forgetHalf(half.kid);
    this.halves = [...this.halves, half];
    this.#called();
  }

  async forgetHalf(kid: string): Promise<void> {
    this.#change();
    this.halves = this.halves.filter((half) => half.kid !== kid);
    return Promise.resolve();
  }

  #reach(): void {
    if (this.isAway) throw new PodtrustError("ssh-unreachable", "no route to it");
  }

  #change(): void {
    this.#reach();
    if (this.isFull) throw new PodtrustError("host-command-failed", "no space is left on its disk");
  }
}
