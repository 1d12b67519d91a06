import type { Followed } from "./controller.ts";

/**
 * Follows one sort of objects for the keys of another: a change of `source` is one of each of `keysOf` the key that
 * changed. `keys` gives all that are there; none by default, where somebody else that is followed has them.
 */
export function followedAs(
  source: Pick<Followed, "synced" | "untilSynced" | "subscribe">,
  keysOf: (key: string) => Iterable<string>,
  keys: () => Iterable<string> = () => [],
): Followed {
  return {
    get synced() {
      return source.synced;
    },
    untilSynced: (signal) => source.untilSynced(signal),
    keys,
    subscribe: (changed) =>
      source.subscribe((key) => {
        for (const one of keysOf(key)) changed(one);
      }),
  };
}
