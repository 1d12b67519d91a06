import { nearest } from "../../../core/base/index.ts";
import type { RequestContext } from "../language/request.ts";

/** A request's condition keys, found without regard to case. */
export interface ContextKeys {
  /** The values of a key; undefined when the request does not have it. */
  values(key: string): readonly string[] | undefined;
  /** Whether the key can stand in a policy variable: it has exactly one value and is no list. */
  single(key: string): string | undefined;
  /** The key of the request that is nearest to a mistyped one. */
  like(key: string): string | undefined;
  /** Whether the value of the key is not known yet. */
  isUnknown(key: string): boolean;
}

/** `issuer:claim` in two; what has no colon is all claim. */
function parts(key: string): { readonly issuer: string; readonly claim: string } {
  const at = key.lastIndexOf(":");
  return { issuer: key.slice(0, at + 1).toLowerCase(), claim: key.slice(at + 1).toLowerCase() };
}

/** The name that a key was meant to be: of its own issuer one that is spelt like it, else the same claim of another. */
function neighbour(key: string, names: readonly string[]): string | undefined {
  const { issuer, claim } = parts(key);
  const own = names.filter((name) => parts(name).issuer === issuer);
  // Two claims of one long issuer are alike for the issuer's sake, and so only the claims are compared.
  if (own.length > 0) {
    const best = nearest(
      claim,
      own.map((name) => parts(name).claim),
    );
    return own.find((name) => parts(name).claim === best);
  }
  return names.find((name) => name.includes(":") && parts(name).claim === claim) ?? nearest(key, names);
}

/** Makes a context searchable. Of keys that differ only in case the last counts; a key that is unknown has no value. */
export function contextKeys(context: RequestContext, unknownKeys: readonly string[] = []): ContextKeys {
  const unknown = new Set(unknownKeys.map((key) => key.toLowerCase()));
  const names = Object.keys(context).filter((key) => !unknown.has(key.toLowerCase()));
  const byName = new Map(names.map((key) => [key.toLowerCase(), context[key]]));
  return {
    values(key) {
      const value = byName.get(key.toLowerCase());
      return typeof value === "string" ? [value] : value;
    },
    single(key) {
      const value = byName.get(key.toLowerCase());
      return typeof value === "string" ? value : undefined;
    },
    like: (key) => neighbour(key, names),
    isUnknown: (key) => unknown.has(key.toLowerCase()),
  };
}
