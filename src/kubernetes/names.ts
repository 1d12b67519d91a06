import { PodtrustError } from "../base/index.ts";

// RFC 1123 label and subdomain, as Kubernetes validates namespaces and ServiceAccounts.
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/u;

function refuse(kind: string, name: string, rule: string): PodtrustError {
  return new PodtrustError("usage", `${kind} "${name}" is not a legal name`, { next: rule });
}

/** Gives the namespace back, or throws `usage` when Kubernetes would not take it. */
export function checkedNamespace(name: string): string {
  if (name.length <= 63 && label.test(name)) return name;
  throw refuse("namespace", name, "Lower-case letters, digits and hyphens, at most 63.");
}

/** Gives the name back, or throws `usage` when Kubernetes would not take it. `kind` is for the message. */
export function checkedName(name: string, kind = "ServiceAccount"): string {
  if (name.length <= 253 && name.split(".").every((part) => label.test(part))) return name;
  throw refuse(kind, name, "Lower-case letters, digits, hyphens and dots, at most 253.");
}
