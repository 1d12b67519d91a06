import type { PodtrustError } from "../../core/base/index.ts";
import { type ConditionContent, goneAnnotation, type TrustScope } from "../../rules/bindings/index.ts";
import { scopesIn, withScopes } from "./status.ts";

/**
 * How long a scope has to be seen empty before it leaves a trust, in milliseconds: what an earlier pass asked for may
 * still be made there.
 */
const graceMs = 600_000;
/** Names in a message; the rest is counted. */
const maxNamed = 10;

/** A scope that leaves a trust, as it was looked at. */
export interface LeavingScope {
  readonly scope: TrustScope;
  /** What bindings have there, by its names; the reason if it could not be looked at. */
  readonly standing: readonly string[] | PodtrustError;
}

/** All scopes of a trust after a look at those that leave it. */
export interface LookedScopes {
  /** Those of its spec that could be looked at. */
  readonly here: readonly TrustScope[];
  readonly leaving: readonly LeavingScope[];
  /** Ids of those that a person says are gone. */
  readonly gone: readonly string[];
}

/** Since when scopes of a trust are seen empty, from one pass to the next. */
export class EmptyScopes {
  readonly #since = new Map<string, number>();

  /** Those that still leave the trust. `now`: by `elapsed`. */
  stay({ leaving }: LookedScopes, now: number): readonly LeavingScope[] {
    const isEmpty = ({ standing }: LeavingScope): boolean => Array.isArray(standing) && standing.length === 0;
    for (const one of leaving) if (!isEmpty(one)) this.#since.delete(one.scope.id);
    return leaving.filter((one) => {
      if (!isEmpty(one)) return true;
      const since = this.#since.get(one.scope.id) ?? now;
      this.#since.set(one.scope.id, since);
      return now - since < graceMs;
    });
  }
}

/**
 * What the status of a trust remembers after a pass: the scopes of its spec that could be looked at, those that still
 * leave it, and what it had or a binding's pass has added since.
 */
export function reached(
  status: Readonly<Record<string, unknown>>,
  scopes: LookedScopes | undefined,
  leaving: readonly LeavingScope[],
): object {
  const before = scopesIn(status);
  if (scopes === undefined) return before.length === 0 ? {} : { scopes: before };
  const looked = new Set(scopes.leaving.map(({ scope }) => scope.id));
  const others = before.filter(({ id }) => !looked.has(id) && !scopes.gone.includes(id));
  return { scopes: withScopes(others, [...leaving.map(({ scope }) => scope), ...scopes.here]) };
}

function textOf({ scope: { id }, standing }: LeavingScope): string {
  if (!Array.isArray(standing)) {
    const { message } = standing as PodtrustError;
    return `${id} leaves the trust, and what bindings have there cannot be looked at: ${message}; where it is gone, say so by the annotation ${goneAnnotation}=${id}`;
  }
  if (standing.length === 0) return `${id} leaves the trust, and is looked at once more`;
  const more = standing.length > maxNamed ? ` and ${standing.length - maxNamed} more` : "";
  return `${id} leaves the trust, and bindings still have there ${standing.slice(0, maxNamed).join(", ")}${more}`;
}

/** What the condition Emptied says of scopes that leave; undefined where none does. The worst comes first. */
export function emptied(leaving: readonly LeavingScope[]): ConditionContent | undefined {
  if (leaving.length === 0) return undefined;
  const unseen = leaving.filter(({ standing }) => !Array.isArray(standing));
  const standing = leaving.filter((one) => Array.isArray(one.standing));
  return {
    type: "Emptied",
    reason: unseen.length > 0 ? "ScopeNotAsked" : "ScopeLeaving",
    message: [...unseen, ...standing].map(textOf).join("; "),
  };
}
