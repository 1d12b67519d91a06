import { trustPolicyWarnings } from "../../rules/trust/index.ts";
import type { MapFacts } from "../facts.ts";
import { type RequestedAccess, letsInUnnamed, type OwnProvider, type ReadRole } from "./access.ts";
import { type MapAccess, type MapFinding, type MapNode, nodeId } from "./graph.ts";
import { otherPrincipals } from "./roles.ts";

const maxNamed = 5;

/** Some names, and how many more there are. */
function namesText(names: readonly string[]): string {
  const more = names.length - maxNamed;
  return more <= 0 ? names.join(", ") : `${names.slice(0, maxNamed).join(", ")} and ${more} more`;
}

const shortOf = (serviceAccount: string): string => serviceAccount.replace("service-account ", "");

/**
 * The ServiceAccounts that a role lets in beside those that config and bindings name; empty for a role that neither has.
 */
function uninvited(
  arn: string,
  access: readonly MapAccess[],
  read: ReadRole,
  asked: RequestedAccess,
): readonly MapFinding[] {
  const isMeant = read.wanted !== undefined || asked.of(arn).size > 0;
  // A pattern in the config is intended.
  if (!isMeant || (read.wanted?.subjectPatterns.length ?? 0) > 0) return [];
  const extra = [
    ...new Set(access.filter(({ askedBy }) => askedBy.length === 0).map((one) => one.serviceAccount)),
  ];
  if (extra.length === 0) return [];
  const text = `it lets in ${namesText(extra.map(shortOf))}, which neither the config nor a binding names`;
  const next = "Compare the trust policy with the config: podtrust plan.";
  return [{ kind: "wider", rule: "not-asked-for", node: nodeId("role", arn), text, next }];
}

/** ServiceAccounts that are let in and do not exist: a user who may make one of that name gets the role. */
function absentOnes(
  arn: string,
  access: readonly MapAccess[],
  nodes: ReadonlyMap<string, MapNode>,
): readonly MapFinding[] {
  const absent = [...new Set(access.map((one) => one.serviceAccount))].filter(
    (id) => nodes.get(id)?.exists === false,
  );
  if (absent.length === 0) return [];
  const text = `it lets in ${namesText(absent.map(shortOf))}, which the cluster does not have: a user who may make a ServiceAccount of that name gets the role`;
  const next = "Make the ServiceAccount, or remove its name from the trust policy.";
  return [{ kind: "wider", rule: "absent-service-account", node: nodeId("role", arn), text, next }];
}

/** Whether a role lets in ServiceAccounts that it does not name: of every namespace, or of some. */
function unnamedFinding(
  facts: MapFacts,
  read: ReadRole,
  providers: readonly OwnProvider[],
  seen: { readonly access: readonly MapAccess[]; readonly warnings: readonly { readonly rule: string }[] },
): readonly MapFinding[] {
  const node = nodeId("role", read.role.arn);
  const lets = (namespace?: string): boolean =>
    providers.some((provider) => letsInUnnamed(read, provider, facts.now, namespace));
  if (lets()) {
    // A statement without a condition on the subject is reported already.
    if (seen.warnings.some(({ rule }) => rule === "no-subject" || rule === "wildcard-subject")) return [];
    const text = "it lets in ServiceAccounts that it does not name, also in namespaces that are made later";
    return [{ kind: "wider", rule: "any-service-account", node, text }];
  }
  const spaces = new Set(seen.access.map((one) => shortOf(one.serviceAccount).split("/")[0] ?? ""));
  const open = [...spaces].filter((namespace) => lets(namespace));
  if (open.length === 0) return [];
  const text = `it lets in ServiceAccounts that it does not name, in the ${open.length === 1 ? "namespace" : "namespaces"} ${namesText(open)}: a user who may make one there gets the role`;
  return [{ kind: "wider", rule: "any-service-account-of-namespace", node, text }];
}

/** Findings for a role that lets in more than intended. */
export function widerRole(
  facts: MapFacts,
  read: ReadRole,
  providers: readonly OwnProvider[],
  seen: {
    readonly access: readonly MapAccess[];
    readonly nodes: ReadonlyMap<string, MapNode>;
    readonly asked: RequestedAccess;
  },
): readonly MapFinding[] {
  const { arn, trustPolicy } = read.role;
  const node = nodeId("role", arn);
  const warnings = trustPolicyWarnings(trustPolicy);
  const findings: MapFinding[] = warnings.map(({ rule, statement, message, next }) => ({
    kind: "wider",
    rule,
    node,
    text: `statement ${statement} of its trust policy: ${message}`,
    next,
  }));
  const unnamed = unnamedFinding(facts, read, providers, { access: seen.access, warnings });
  findings.push(...unnamed);
  const others = otherPrincipals(trustPolicy);
  if (others.length > 0) {
    const text = `beside tokens it lets in ${namesText(others)}`;
    findings.push({ kind: "wider", rule: "other-principals", node, text });
  }
  // What a pattern lets in is reported there.
  const named = unnamed.length > 0 ? [] : uninvited(arn, seen.access, read, seen.asked);
  return [...findings, ...named, ...absentOnes(arn, seen.access, seen.nodes)];
}

/** Audiences that a provider of the stack accepts and the config does not name. */
export function widerProviders({ accounts }: MapFacts, own: ReadonlySet<string>): readonly MapFinding[] {
  return accounts.flatMap(({ providers, audiences }) =>
    providers
      .filter(({ arn }) => own.has(arn))
      .flatMap(({ arn, clientIds }): MapFinding[] => {
        const extra = clientIds.filter((one) => !audiences.includes(one));
        if (extra.length === 0) return [];
        const text = `it accepts tokens for ${namesText(extra)} too, an audience that the config does not name`;
        return [{ kind: "wider", rule: "other-audience", node: nodeId("provider", arn), text }];
      }),
  );
}

/** Keys that verify and that no cluster has any more: a holder of the private half can still sign for every role. */
export function widerKeys(keys: readonly MapNode[]): readonly MapFinding[] {
  return keys
    .filter(({ state }) => state === "retained")
    .map(({ id, name }) => ({
      kind: "wider",
      rule: "key-retained",
      node: id,
      text: "it is published and the cluster no longer has it: a token that it signed is still accepted, for every role",
      next: `Once no token of it is needed: podtrust rotate distrust ${name}.`,
    }));
}
