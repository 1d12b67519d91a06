import type { Clock } from "../base/index.ts";

/** What the adapter takes from the process around it. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}
