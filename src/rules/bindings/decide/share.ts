import { fitsAny } from "./pattern.ts";

/** A trust, as far as it says who shares: by its name and its grants. */
export interface Shares {
  readonly name: string;
  readonly grants: readonly { readonly name: string; readonly namespaces: readonly string[] }[];
}

/**
 * With which other namespaces one shares what a single tenant may take of the operator: with those that one grant names together,
 * the first in the order of the list that names it, as `TRUST/GRANT`. A grant for all namespaces (`*`) is no one tenant's. Where no
 * other names it, a namespace is by itself, as `NAMESPACE`.
 */
export function shareOf(namespace: string, trust: Shares | undefined): string {
  const grant = trust?.grants.find(({ namespaces }) =>
    fitsAny(
      namespaces.filter((one) => one !== "*"),
      namespace,
    ),
  );
  return trust === undefined || grant === undefined ? namespace : `${trust.name}/${grant.name}`;
}
