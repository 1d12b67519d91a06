import { type Link, links, nearest, PodtrustError } from "../base/index.ts";

/** Which resources are meant: by link (`provider`), by name (`demo`), or by the id that plans show. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

interface Named {
  readonly id: string;
  readonly link: Link;
}

/** Every name of a resource: `trust`, `aws/1111…/role/demo`, `aws/1111…`, `role/demo`, `demo`. */
function namesOf({ id, link }: Named): readonly string[] {
  const [provider = "", account = "", kind = "", ...rest] = id.split("/");
  const name = rest.join("/");
  return [link, id, `${provider}/${account}`, `${kind}/${name}`, name];
}

const plain = (name: string): string => name.replace(/^https:\/\//u, "");

/** Whether one of these names means the resource. */
export function isNamed(resource: Named, names: readonly string[]): boolean {
  const own = namesOf(resource);
  return names.some((name) => own.includes(plain(name)));
}

/** Whether a selection takes the resource in. */
export function isSelected(resource: Named, { only = [], skip = [] }: Selection): boolean {
  return (only.length === 0 || isNamed(resource, only)) && !isNamed(resource, skip);
}

/** Throws `usage` for a name that means nothing of all this, with the nearest that does. */
export function checkNames(resources: readonly Named[], names: readonly string[]): void {
  const known = resources.flatMap(namesOf);
  for (const name of names) {
    if (known.includes(plain(name)) || links.some((link) => link === name)) continue;
    const near = nearest(name, [...new Set([...known, ...links])]);
    const next =
      near === undefined
        ? "Give a link such as provider or trust, a role's name, or an id that podtrust plan shows."
        : `Did you mean ${near}?`;
    throw new PodtrustError("usage", `nothing of this stack is called ${name}`, { next, detail: { name } });
  }
}
