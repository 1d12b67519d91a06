import type { RoleState } from "../../../providers/aws/index.ts";
import { awsTags, digestOf } from "../../../rules/plan/index.ts";

interface Known {
  /** Whose it is, as its tags say: `prod/shop/web`. */
  readonly mark: string;
  readonly digest: string;
}

/** What is kept of one; undefined for one that carries nobody's mark. */
function knownOf(role: RoleState): Known | undefined {
  const mark = awsTags.stackOf(role.tags);
  if (mark === undefined) return undefined;
  // IAM gives policies in any order.
  return { mark, digest: digestOf({ ...role, policies: role.policies.toSorted() }) };
}

/** Roles as they were seen last: tells whose were changed by somebody else, without keeping them. */
export class KnownRoles {
  #known: Map<string, Known> | undefined;

  /** Whether one carried this mark; undefined before the first look. */
  has(mark: string): boolean | undefined {
    return this.#known && [...this.#known.values()].some((known) => known.mark === mark);
  }

  /** One that was read by itself, as it is once it was changed from here. */
  read(name: string, role: RoleState | undefined): void {
    const known = role === undefined ? undefined : knownOf(role);
    if (known === undefined) this.#known?.delete(name);
    else this.#known?.set(name, known);
  }

  /**
   * All there are. Gives the marks of those that are other than they were, are new, or are gone; none at the first look.
   */
  look(roles: readonly RoleState[]): ReadonlySet<string> {
    const before = this.#known;
    const now = new Map<string, Known>();
    for (const role of roles) {
      const known = knownOf(role);
      if (known !== undefined) now.set(role.name, known);
    }
    this.#known = now;
    if (before === undefined) return new Set();
    const changed = [...now].filter(([name, { digest }]) => before.get(name)?.digest !== digest);
    const gone = [...before].filter(([name]) => !now.has(name));
    // Somebody may have changed the mark itself.
    const marks = [...changed, ...gone].flatMap(([name, { mark }]) => [mark, before.get(name)?.mark ?? mark]);
    return new Set(marks);
  }
}
