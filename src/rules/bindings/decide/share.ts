import type { Trust } from "../objects/objects.ts";
import { fitsAny } from "./pattern.ts";

/**
 * With which other namespaces one shares what a single tenant may take of the operator: with those that one grant names together,
 * the first in the order of the list that names it, as `TRUST/GRANT`. A grant for all namespaces (`*`) is no one tenant's. Where no
 * other names it, a namespace is by itself, as `NAMESPACE`.
 */
export function shareOf(namespace: string, trust: Pick<Trust, "name" | "grants"> | undefined): string {
  const grant = trust?.grants.find(({ namespaces }) =>
    fitsAny(
      namespaces.filter((one) => one !== "*"),
      namespace,
    ),
  );
  return trust === undefined || grant === undefined ? namespace : `${trust.name}/${grant.name}`;
}
