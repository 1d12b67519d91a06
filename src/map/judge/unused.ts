import type { MapFacts } from "../facts.ts";
import type { MapAccess, MapFinding, MapLink, MapNode } from "./graph.ts";

function unusedProviders(nodes: readonly MapNode[], links: readonly MapLink[]): readonly MapFinding[] {
  const trusted = new Set(links.filter(({ kind }) => kind === "trusts").map(({ from }) => from));
  return nodes
    .filter(({ kind, id }) => kind === "provider" && !trusted.has(id))
    .map(({ id }) => ({
      kind: "unused",
      rule: "provider-unused",
      node: id,
      text: "no role that was seen trusts it",
    }));
}

function unusedRole(
  role: MapNode,
  access: readonly MapAccess[],
  nodes: ReadonlyMap<string, MapNode>,
): readonly MapFinding[] {
  const who = access.map(({ serviceAccount }) => nodes.get(serviceAccount));
  const there = who.filter((one) => one?.exists !== false);
  if (there.length === 0) {
    const text = "no ServiceAccount of the cluster can become it";
    return [{ kind: "unused", rule: "role-unused", node: role.id, text }];
  }
  if (!there.every((one) => one?.pods === 0)) return [];
  const text = "no pod runs as a ServiceAccount that can become it";
  return [{ kind: "unused", rule: "role-without-pods", node: role.id, text }];
}

/**
 * What is unused, as far as it was seen: providers without a role, roles without a ServiceAccount or a pod.
 * Roles of other issuers only are not judged.
 */
export function unused(
  facts: MapFacts,
  map: {
    readonly nodes: ReadonlyMap<string, MapNode>;
    readonly links: readonly MapLink[];
    readonly access: ReadonlyMap<string, readonly MapAccess[]>;
    readonly ofOurs: ReadonlySet<string>;
  },
): readonly MapFinding[] {
  const { nodes, links, access, ofOurs } = map;
  const all = [...nodes.values()];
  const roles = all.filter(({ kind, id }) => kind === "role" && ofOurs.has(id));
  // Without the right to list the roles of an account we cannot say that none trusts a provider.
  const whole = new Set(facts.accounts.filter(({ isWhole }) => isWhole).map(({ account }) => account));
  const providers = all.filter(({ account = "" }) => whole.has(account));
  return [
    ...unusedProviders(providers, links),
    ...roles.flatMap((role) => unusedRole(role, access.get(role.id) ?? [], nodes)),
  ];
}
