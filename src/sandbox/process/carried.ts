import { PodtrustError, recordOf } from "../../core/base/index.ts";

/** Options with functions, which no message can carry. A record, so that the compiler requires each. */
export type NotCarried<Options, Carried> = Readonly<Record<Exclude<keyof Options, keyof Carried>, true>>;

/** Throws `usage` for an option that no message can carry, and names what accepts it. */
export function checkCarried(options: object, notCarried: Readonly<Record<string, true>>, by: string): void {
  const name = Object.keys(recordOf(options)).find((key) => Object.hasOwn(notCarried, key));
  if (name === undefined) return;
  throw new PodtrustError(
    "usage",
    `${name} has functions, which no other process can be given: ${by} takes it`,
  );
}
