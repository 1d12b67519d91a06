import type { Binding, Grant } from "../objects/objects.ts";
import { fitsAny } from "./pattern.ts";

/** Whether a grant is for a binding: for its namespace, and for its ServiceAccount where the grant names some. */
export function isFor(
  { namespaces, serviceAccounts }: Pick<Grant, "namespaces" | "serviceAccounts">,
  { namespace, name }: Pick<Binding, "namespace" | "name">,
): boolean {
  return fitsAny(namespaces, namespace) && (serviceAccounts === undefined || fitsAny(serviceAccounts, name));
}
