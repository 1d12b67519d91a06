import { fitsAny } from "../grants/pattern.ts";

/** What of a trust says who shares: its name and its grants. */
export interface Shares {
  readonly name: string;
  readonly grants: readonly { readonly name: string; readonly namespaces: readonly string[] }[];
}

/**
 * The share of the operator that a namespace uses, which namespaces of one tenant have in common: those that one grant
 * names together, the first grant of the first trust that names it, as `TRUST/GRANT`. Which trust a binding names does not
 * matter, since a tenant could name several. A grant for all namespaces (`*`) is no one tenant's. Where no other grant
 * names it, a namespace is by itself, as `NAMESPACE`.
 */
export function shareOf(namespace: string, trusts: readonly Shares[]): string {
  for (const { name, grants } of trusts) {
    const grant = grants.find(({ namespaces }) =>
      fitsAny(
        namespaces.filter((one) => one !== "*"),
        namespace,
      ),
    );
    if (grant !== undefined) return `${name}/${grant.name}`;
  }
  return namespace;
}
