import type { NamedResource } from "../rules/plan/index.ts";
import { links, nearest, PodtrustError } from "../core/base/index.ts";

/** Selects resources: by link (`provider`), by kind (`role`), by name (`demo`), or by the id that plans show. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** On the way down: what uses something that goes, or leads to it, and may stay so. */
  readonly leave?: readonly string[];
}

const namesOf = ({ id, kind, names, link }: NamedResource): readonly string[] => [id, kind, link, ...names];

/** Whether one of these names selects the resource. */
export function isNamed(resource: NamedResource, names: readonly string[]): boolean {
  const own = namesOf(resource);
  return names.some((name) => own.includes(name));
}

/** Whether a selection includes the resource. */
export function isSelected(resource: NamedResource, { only = [], skip = [] }: Selection): boolean {
  return (only.length === 0 || isNamed(resource, only)) && !isNamed(resource, skip);
}

/** Throws `usage` for a name that selects nothing, with the nearest valid one. */
export function checkNames(resources: readonly NamedResource[], names: readonly string[]): void {
  const known = resources.flatMap(namesOf);
  for (const name of names) {
    if (known.includes(name) || links.some((link) => link === name)) continue;
    const near = nearest(name, [...new Set([...known, ...links])]);
    const next =
      near === undefined
        ? "Give a link such as provider or trust, a role's name, or an id that podtrust plan shows."
        : `Did you mean ${near}?`;
    throw new PodtrustError("usage", `nothing of this stack is called ${name}`, { next, detail: { name } });
  }
}
