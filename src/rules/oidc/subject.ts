import { PodtrustError } from "../../core/base/index.ts";
import { shown } from "./document.ts";

/** The ServiceAccount that a token is for. */
export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

const prefix = "system:serviceaccount:";
// RFC 1123 labels as Kubernetes checks them: lower case only.
const label = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const labelOnly = new RegExp(`^${label}$`, "u");
const subdomain = new RegExp(`^${label}(?:\\.${label})*$`, "u");

/** Why Kubernetes would not take this as a Namespace's name (DNS-1123 label), or undefined. */
export function namespaceProblem(text: string): string | undefined {
  if (text.length <= 63 && labelOnly.test(text)) return undefined;
  return `namespace ${shown(text)} is not 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit`;
}

/** Why Kubernetes would not take this as a ServiceAccount's name (DNS-1123 subdomain), or undefined. */
export function serviceAccountProblem(text: string): string | undefined {
  if (text.length <= 253 && subdomain.test(text)) return undefined;
  return `ServiceAccount ${shown(text)} is not 1 to 253 lower-case letters, digits, hyphens and dots, each part beginning and ending with a letter or digit`;
}

/** `system:serviceaccount:<namespace>:<name>`; throws `subject-invalid` for names that Kubernetes refuses. */
export function serviceAccountSubject(namespace: string, name: string): string {
  const problem = namespaceProblem(namespace) ?? serviceAccountProblem(name);
  if (problem !== undefined) {
    throw new PodtrustError("subject-invalid", problem, { detail: { namespace, name } });
  }
  return `${prefix}${namespace}:${name}`;
}

/** The subject of an account that a config names as `NAMESPACE/NAME`; throws `subject-invalid`. */
export function subjectOfAccount(account: string): string {
  const [namespace = "", name = ""] = account.split("/");
  return serviceAccountSubject(namespace, name);
}

/** The ServiceAccount of a subject; undefined for every other subject, also for one with an illegal name. */
export function parseSubject(text: string): ServiceAccountName | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const [namespace = "", name = "", ...rest] = text.slice(prefix.length).split(":");
  if (rest.length > 0 || namespaceProblem(namespace) !== undefined) return undefined;
  return serviceAccountProblem(name) === undefined ? { namespace, name } : undefined;
}
