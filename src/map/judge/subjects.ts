import { parseSubject, serviceAccountSubject } from "../../rules/oidc/index.ts";
import type { PolicyDocument, Statement } from "../../rules/trust/index.ts";

/** The subjects that one statement can let in at all; undefined if it does not list them. */
function spelledOut({ conditions }: Statement, key: string): readonly string[] | undefined {
  const exact = conditions.filter(
    ({ operator, key: name, values }) =>
      /^(?:ForAnyValue:)?StringEquals$/iu.test(operator) &&
      name.toLowerCase() === key &&
      values.every((value) => !value.includes("$")),
  );
  const [first] = exact;
  return first?.values;
}

/** Whether a statement names principals, and none of them can be a token's. */
function isOfOthers({ principals }: Statement): boolean {
  if (principals === undefined || principals.Federated !== undefined) return false;
  return !Object.values(principals).flat().includes("*");
}

/**
 * A superset of the subjects that a trust policy lets in: those that every allowing statement lists, or
 * undefined if one of them leaves it open. It decides nothing: the rules of STS then judge each. Without it a
 * thousand roles would be asked about a thousand ServiceAccounts each. `providerUrl` as IAM has it.
 */
export function subjectsToAsk(policy: PolicyDocument, providerUrl: string): ReadonlySet<string> | undefined {
  const key = `${providerUrl}:sub`.toLowerCase();
  const subjects = new Set<string>();
  for (const statement of policy.statements) {
    if (statement.effect !== "Allow" || isOfOthers(statement)) continue;
    const spelled = spelledOut(statement, key);
    if (spelled === undefined) return undefined;
    for (const one of spelled) subjects.add(one);
  }
  return subjects;
}

/** The subject of `NAMESPACE/NAME`; undefined for a name that Kubernetes would not accept. */
export function subjectOf(serviceAccount: string): string | undefined {
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const subject = `system:serviceaccount:${namespace}:${name}`;
  return parseSubject(subject) === undefined ? undefined : serviceAccountSubject(namespace, name);
}

/** `NAMESPACE/NAME` of a subject; undefined for one that is not a ServiceAccount's. */
export function serviceAccountOf(subject: string): string | undefined {
  const parsed = parseSubject(subject);
  return parsed === undefined ? undefined : `${parsed.namespace}/${parsed.name}`;
}
