import { nearest } from "../../base/index.ts";
import type { RequestContext } from "../access/request.ts";

/** A request's condition keys, found without regard to case. */
export interface ContextKeys {
  /** The values of a key; undefined when the request does not have it. */
  values(key: string): readonly string[] | undefined;
  /** Whether the key can stand in a policy variable: it has exactly one value and is no list. */
  single(key: string): string | undefined;
  /** The key of the request that is most like a mistyped one. */
  like(key: string): string | undefined;
  /** Whether nobody knows yet what the key will be. */
  isUnknown(key: string): boolean;
}

/** Makes a context searchable. Of keys that differ only in case the last counts; a key that is unknown has no value. */
export function contextKeys(context: RequestContext, unknownKeys: readonly string[] = []): ContextKeys {
  const unknown = new Set(unknownKeys.map((key) => key.toLowerCase()));
  const names = Object.keys(context).filter((key) => !unknown.has(key.toLowerCase()));
  const byName = new Map(names.map((key) => [key.toLowerCase(), context[key]]));
  const claim = (key: string): string => key.slice(key.lastIndexOf(":")).toLowerCase();
  return {
    values(key) {
      const value = byName.get(key.toLowerCase());
      return typeof value === "string" ? [value] : value;
    },
    single(key) {
      const value = byName.get(key.toLowerCase());
      return typeof value === "string" ? value : undefined;
    },
    // A mistyped issuer is longer than what `nearest` compares, but its claim tells.
    like: (key) =>
      nearest(key, names) ?? names.find((name) => name.includes(":") && claim(name) === claim(key)),
    isUnknown: (key) => unknown.has(key.toLowerCase()),
  };
}
