import { setFlagsFromString } from "node:v8";
import { residentBytes } from "../core/admin/index.ts";
import type { Clock } from "../core/base/index.ts";
import { giveBackMemory } from "../core/listener/index.ts";

/** Sets V8 flags; each only when it changes. */
export interface HeapControls {
  /** V8's default: room to grow, and a third less processor time. */
  readonly prefersSpeed: () => void;
  /** Grows in small steps and gives back what is free. */
  readonly prefersRoom: () => void;
}

/** From this many waiting keys on, the process counts as busy. */
const much = 100;
/** Seconds of little work after which memory matters more. */
const quietSeconds = 5;
/** Repeated after this many seconds: reading an account yields a megabyte of text, and the heap keeps the garbage. */
const restSeconds = 60;
/** Resident bytes from which on memory matters more, however much work waits: the chart's limit is 320 MiB. */
const maxResident = 200e6;

/**
 * Has V8 prefer a fast heap while much is to be done, and a small one while the process mostly waits, which is nearly
 * always. After a load, V8 by itself keeps a grown heap for hours.
 */
export class HeapMode {
  readonly #controls: HeapControls;
  #isSmall = true;
  /** The process grew too large for its work: keep the heap small until that is done. */
  #isTight = false;
  #quiet = 0;

  /** Starts small: listing produces short-lived text, which a large heap would retain. */
  constructor(controls: HeapControls) {
    this.#controls = controls;
    controls.prefersRoom();
  }

  /** Call it once a second. `waiting`: how many keys wait for a worker. `resident`: of the process, in bytes. */
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

/** The flags that V8 reads at run time: how the young generation grows, and whether the old one grows in small steps. */
const v8Controls: HeapControls = {
  prefersSpeed() {
    setFlagsFromString("--semi-space-growth-factor=2");
    setFlagsFromString("--no-optimize-for-size");
  },
  prefersRoom() {
    setFlagsFromString("--semi-space-growth-factor=1");
    setFlagsFromString("--optimize-for-size");
    // Data read from the network lies outside the heap, and garbage keeps it alive.
    setFlagsFromString("--external-memory-accounted-in-global-limit");
    giveBackMemory();
  },
};

/** Runs this until the signal is aborted. */
export async function keepHeap(waiting: () => number, clock: Clock, signal: AbortSignal): Promise<void> {
  const mode = new HeapMode(v8Controls);
  while (!signal.aborted) {
    await clock.sleep(1000, signal).catch(() => {});
    mode.second(waiting(), residentBytes());
  }
}
