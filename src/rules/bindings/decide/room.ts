import type { Binding, Grant } from "../objects/objects.ts";
import { isFor } from "../grants/is-for.ts";

/** How many managed roles a binding asks for and has. */
export interface CountedBinding extends Pick<Binding, "namespace" | "name" | "trust"> {
  /** RFC 3339, as the API server wrote it. */
  readonly created: string;
  /** In its spec. */
  readonly wanted: number;
  /** In its status: seen to exist. */
  readonly held: number;
}

/** Bindings for which a grant has no room, as NAMESPACE/NAME. */
export interface WithoutRoom {
  /** What they have is more than the grant's `maxRoles`, which was lowered. */
  readonly held: ReadonlySet<string>;
  /** What they ask for is. */
  readonly wanted: ReadonlySet<string>;
}

const keyOf = ({ namespace, name }: CountedBinding): string => `${namespace}/${name}`;

function byAge(a: CountedBinding, b: CountedBinding): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

/**
 * The bindings of a trust for which a grant has no room. Counted are the managed roles of every binding that the grant
 * is for, whichever grant allows them. Existing roles come first, so that no binding loses one because an older binding
 * asks for more; of these, and of the others, the oldest binding comes first.
 */
export function withoutRoom(
  grant: Pick<Grant, "namespaces" | "serviceAccounts" | "maxRoles">,
  bindings: readonly CountedBinding[],
): WithoutRoom {
  const counted = bindings.filter((one) => isFor(grant, one));
  const [held, wanted] = [new Set<string>(), new Set<string>()];
  // Nearly always there is room for all, whatever their order.
  if (counted.reduce((sum, one) => sum + Math.max(one.wanted, one.held), 0) <= grant.maxRoles)
    return { held, wanted };
  const own = counted.toSorted(byAge);
  let used = 0;
  for (const one of own) {
    if (used + one.held <= grant.maxRoles) used += one.held;
    else held.add(keyOf(one));
  }
  for (const one of own) {
    const more = held.has(keyOf(one)) ? Infinity : Math.max(0, one.wanted - one.held);
    if (used + more <= grant.maxRoles) used += more;
    else if (more > 0) wanted.add(keyOf(one));
  }
  return { held, wanted };
}
