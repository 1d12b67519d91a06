import { fitsAny } from "./pattern.ts";

/** The name of a binding, which is that of its ServiceAccount. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** Who a grant is for, whichever relying party it is about. */
export interface GrantedTo {
  readonly name: string;
  /** Patterns, as are the names below. */
  readonly namespaces: readonly string[];
  readonly serviceAccounts?: readonly string[];
}

/** Whether a grant is for a binding: for its namespace, and for its ServiceAccount where the grant names some. */
export function isFor(
  { namespaces, serviceAccounts }: Omit<GrantedTo, "name">,
  { namespace, name }: NamespacedName,
): boolean {
  return fitsAny(namespaces, namespace) && (serviceAccounts === undefined || fitsAny(serviceAccounts, name));
}
