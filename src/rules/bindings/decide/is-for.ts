import { fitsAny } from "./pattern.ts";

/** Whose binding it is: named as its ServiceAccount. */
export interface Whose {
  readonly namespace: string;
  readonly name: string;
}

/** For whom a grant is, whichever relying party it is about. */
export interface GrantedTo {
  readonly name: string;
  /** Patterns, as are the names below. */
  readonly namespaces: readonly string[];
  readonly serviceAccounts?: readonly string[];
}

/** Whether a grant is for a binding: for its namespace, and for its ServiceAccount where the grant names some. */
export function isFor(
  { namespaces, serviceAccounts }: Omit<GrantedTo, "name">,
  { namespace, name }: Whose,
): boolean {
  return fitsAny(namespaces, namespace) && (serviceAccounts === undefined || fitsAny(serviceAccounts, name));
}
