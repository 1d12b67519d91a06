import type { MapFacts } from "../facts.ts";
import { type MapAccess, type MapFinding, type MapNode, nodeId } from "./graph.ts";

const nodeIdOf = (facts: MapFacts, nodes: readonly MapNode[], becomes: readonly string[]): string =>
  nodes.find(({ id, kind, name, party }) =>
    becomes.some(
      (one) => id === nodeId("role", one) || (kind === "role" && party !== undefined && name === one),
    ),
  )?.id ?? nodeId("issuer", facts.issuer);

function brokenBindings(facts: MapFacts, nodes: readonly MapNode[]): readonly MapFinding[] {
  return facts.bindings.flatMap(({ kind, namespace, name, becomes, ready }): MapFinding[] => {
    if (ready?.status === "True") return [];
    const why =
      ready === undefined ? "no operator has reconciled it yet" : `${ready.reason}: ${ready.message}`;
    const text = `the ${kind} ${namespace}/${name} is not Ready: ${why}`;
    return [{ kind: "broken", rule: "binding-not-ready", node: nodeIdOf(facts, nodes, becomes), text }];
  });
}

function missingRoles(facts: MapFacts): readonly MapFinding[] {
  return facts.accounts.flatMap(({ account, wanted, roles }) =>
    wanted
      .filter(({ name }) => !roles.some((role) => role.name === name))
      .map(({ name }) => ({
        kind: "broken",
        rule: "role-missing",
        node: nodeId("issuer", facts.issuer),
        text: `account ${account} has no role ${name}, which the config names`,
        next: "Make it: podtrust up.",
      })),
  );
}

function refusedProofs(access: readonly MapAccess[]): readonly MapFinding[] {
  return access.flatMap(({ role, serviceAccount, proof }): MapFinding[] => {
    if (proof?.outcome !== "refused") return [];
    const who = serviceAccount.replace("service-account ", "");
    const text = `STS refused ${who} now: ${proof.said ?? ""}`;
    const next = "See where the chain breaks: podtrust status.";
    return [{ kind: "broken", rule: "sts-refused", node: role, text, next }];
  });
}

function unpublishedKeys(nodes: readonly MapNode[]): readonly MapFinding[] {
  const text = "the cluster has it and the issuer does not publish it: AWS refuses tokens that it signs";
  return nodes
    .filter(({ state }) => state === "not-published")
    .map(({ id }) => ({ kind: "broken", rule: "key-not-published", node: id, text }));
}

/** What config and bindings ask for and does not work. */
export function broken(
  facts: MapFacts,
  nodes: readonly MapNode[],
  access: readonly MapAccess[],
  refused: readonly { readonly role: string; readonly serviceAccount: string }[],
): readonly MapFinding[] {
  const kept: readonly MapFinding[] = refused.map(({ role, serviceAccount }) => ({
    kind: "broken",
    rule: "not-admitted",
    node: role,
    text: `its trust policy does not let in ${serviceAccount}, which should become it`,
    next: "See where the chain breaks: podtrust status.",
  }));
  return [
    ...kept,
    ...refusedProofs(access),
    ...unpublishedKeys(nodes),
    ...brokenBindings(facts, nodes),
    ...missingRoles(facts),
  ];
}
