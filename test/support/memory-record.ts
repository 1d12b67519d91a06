import { PodtrustError } from "../../src/core/base/index.ts";
import type { RecordCopy, RecordKeeper } from "../../src/control-plane/record/index.ts";

/** A server's copy of the record, in memory, and its clock. */
export class MemoryRecord implements RecordKeeper {
  text: string | undefined;
  /** SSH does not reach the machine. */
  isAway = false;
  /** Nothing can be written to its disk. */
  isFull = false;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async read(): Promise<RecordCopy> {
    if (this.isAway) throw new PodtrustError("ssh-unreachable", "no route to it");
    return Promise.resolve({ now: this.#now(), text: this.text });
  }

  async write(text: string, over: string | undefined): Promise<boolean> {
    if (this.isAway) throw new PodtrustError("ssh-unreachable", "no route to it");
    if (this.isFull) throw new PodtrustError("host-command-failed", "no space is left on its disk");
    if (this.text !== over) return Promise.resolve(false);
    this.text = text;
    return Promise.resolve(true);
  }
}
