import { PodtrustError } from "../../core/base/index.ts";
import { operatorAccount } from "../../rules/bindings/names/index.ts";
import { namespaceProblem, serviceAccountProblem } from "../../rules/oidc/index.ts";

/** The Secret in which an operator that uploads keys remembers them, unless it runs elsewhere. */
export const operatorKeysSecret = { namespace: operatorAccount.namespace, name: "podtrust-keys" } as const;

function checked(name: string, problem: string | undefined): string {
  if (problem === undefined) return name;
  throw new PodtrustError("usage", problem, { next: "Give a name that Kubernetes takes." });
}

/** Gives the namespace back, or throws `usage` when Kubernetes would not take it. */
export function checkedNamespace(name: string): string {
  return checked(name, namespaceProblem(name));
}

/** Gives the ServiceAccount's name back, or throws `usage` when Kubernetes would not take it. */
export function checkedName(name: string): string {
  return checked(name, serviceAccountProblem(name));
}
