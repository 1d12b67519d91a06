import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { residentBytes } from "../core/admin/index.ts";
import type { Clock } from "../core/base/index.ts";

/** What of V8 is told; each only when it becomes another. */
export interface HeapControls {
  /** V8's default: room to grow, and a third less of the processor. */
  readonly prefersSpeed: () => void;
  /** Grows by little and gives back what is free. */
  readonly prefersRoom: () => void;
}

/** So many keys have to wait for a worker until there is much to be done. */
const much = 100;
/** Seconds with little to do after which memory matters more. */
const quietSeconds = 5;
/** The same again after each so many: a look at an account is a megabyte of text, of which a heap keeps the rest. */
const restSeconds = 60;
/** Bytes that are resident from which on memory matters more, whatever is to be done: the chart's limit is 320 MiB. */
const maxResident = 200e6;

/**
 * Has V8 prefer a fast heap while much is to be done, and a small one while the process mostly waits, which is nearly
 * always. By itself V8 gives back for hours nothing of what a heap has grown by under load: so it is told to.
 */
export class HeapMode {
  readonly #controls: HeapControls;
  #isSmall = true;
  /** It grew too large for what is being done: small until that is done. */
  #isTight = false;
  #quiet = 0;

  /** Begins with a small one: what a list brings is text that comes and goes, of which a large one keeps the rest. */
  constructor(controls: HeapControls) {
    this.#controls = controls;
    controls.prefersRoom();
  }

  /**
   * To be called each second. `waiting`: how many keys wait for a worker. `resident`: of the process, in bytes.
   */
  second(waiting: number, resident: number): void {
    this.#quiet = waiting < much ? this.#quiet + 1 : 0;
    this.#isTight = this.#quiet < quietSeconds && (this.#isTight || resident > maxResident);
    const isSmall = this.#isTight || this.#quiet >= quietSeconds || (this.#isSmall && this.#quiet > 0);
    if (isSmall && this.#quiet > 0 && this.#quiet % restSeconds === 0) this.#controls.prefersRoom();
    if (isSmall === this.#isSmall) return;
    this.#isSmall = isSmall;
    if (isSmall) this.#controls.prefersRoom();
    else this.#controls.prefersSpeed();
  }
}

/** The flags that V8 reads while it runs: how the young generation grows, and whether the old one grows by little. */
const v8Controls: HeapControls = {
  prefersSpeed() {
    setFlagsFromString("--semi-space-growth-factor=2");
    setFlagsFromString("--no-optimize-for-size");
  },
  prefersRoom() {
    setFlagsFromString("--semi-space-growth-factor=1");
    setFlagsFromString("--optimize-for-size");
    // What is read from the network lies outside of the heap, and garbage holds it.
    setFlagsFromString("--external-memory-accounted-in-global-limit");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as (options: object) => void;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
  },
};

/** Keeps to it until the signal is aborted. */
export async function keepHeap(waiting: () => number, clock: Clock, signal: AbortSignal): Promise<void> {
  const mode = new HeapMode(v8Controls);
  while (!signal.aborted) {
    await clock.sleep(1000, signal).catch(() => {});
    mode.second(waiting(), residentBytes());
  }
}
