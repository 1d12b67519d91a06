import { setFlagsFromString } from "node:v8";

/**
 * Has V8 collect sooner, in a process that answers much and keeps little of it: the young generation, which would grow
 * from one megabyte to 64, stays as small as the processor's cache, and the old one grows by half, where it would be four
 * times what is alive, before it is collected. Measured under load it takes no more of the processor.
 */
export function collectSooner(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}
