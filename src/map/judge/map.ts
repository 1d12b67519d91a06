import { isoTime } from "../../core/base/index.ts";
import type { MapAccount, MapFacts } from "../facts.ts";
import {
  type MapAccess,
  type MapFinding,
  type MapLink,
  type MapNode,
  nodeId,
  type TrustMap,
} from "./graph.ts";
import { accessTo, RequestedAccess, issuersOf, type OwnProvider, ownProviders } from "./access.ts";
import { chainFindings, chainsFrom } from "./chains.ts";
import { keysOf } from "./keys.ts";
import { partiesOnMap } from "./parties.ts";
import { roleParts, rolesOf, unreadableRole, type MapRole } from "./roles.ts";
import { broken } from "./broken.ts";
import { unused } from "./unused.ts";
import { widerKeys, widerProviders, widerRole } from "./wider.ts";

/** Nodes by ID and links, each once. */
class Parts {
  readonly nodes = new Map<string, MapNode>();
  readonly #links = new Map<string, MapLink>();

  add({ nodes = [], links = [] }: { nodes?: readonly MapNode[]; links?: readonly MapLink[] }): void {
    for (const node of nodes) if (!this.nodes.has(node.id)) this.nodes.set(node.id, node);
    for (const link of links) this.#links.set(`${link.kind} ${link.from} ${link.to}`, link);
  }

  get links(): readonly MapLink[] {
    return [...this.#links.values()];
  }
}

function clusterParts(facts: MapFacts): { readonly nodes: MapNode[]; readonly links: MapLink[] } {
  const { cluster, issuer, formerIssuers } = facts;
  const nodes: MapNode[] = issuersOf(facts).map((url) => {
    const role =
      url === issuer
        ? "the config's"
        : formerIssuers.includes(url)
          ? "a former one"
          : "the cluster's, not the config's";
    return { id: nodeId("issuer", url), kind: "issuer", name: url, details: [["Is", role] as const] };
  });
  if (cluster === undefined) return { nodes, links: [] };
  const id = nodeId("cluster", cluster.server);
  const details = [["Version", cluster.version] as const, ["Stack", facts.stack] as const];
  nodes.push({ id, kind: "cluster", name: cluster.server, details });
  const links: MapLink[] =
    cluster.issuer === undefined ? [] : [{ kind: "names", from: id, to: nodeId("issuer", cluster.issuer) }];
  return { nodes, links };
}

function providerParts(
  account: MapAccount,
  own: readonly OwnProvider[],
): { nodes: MapNode[]; links: MapLink[] } {
  const nodes = account.providers.map(({ arn, url, clientIds, thumbprints }): MapNode => {
    const ours = own.some((one) => one.arn === arn);
    return {
      id: nodeId("provider", arn),
      kind: "provider",
      name: url,
      account: account.account,
      details: [
        ["ARN", arn],
        ["Audiences", clientIds.join(", ")],
        ["Thumbprints", thumbprints.join(", ")],
        ["Issuer", ours ? "of this stack" : "another's"],
      ],
    };
  });
  const links = own.map(({ arn, issuer }): MapLink => ({
    kind: "registered",
    from: nodeId("issuer", issuer),
    to: nodeId("provider", arn),
  }));
  return { nodes, links };
}

/** The ServiceAccounts that can become a role, with their pods. */
function serviceAccountNodes(facts: MapFacts, ids: ReadonlySet<string>): readonly MapNode[] {
  const there = new Set(facts.serviceAccounts?.map(({ namespace, name }) => `${namespace}/${name}`));
  const pods = new Map<string, number>();
  for (const { namespace, serviceAccount } of facts.pods ?? []) {
    const key = `${namespace}/${serviceAccount}`;
    pods.set(key, (pods.get(key) ?? 0) + 1);
  }
  return [...ids].map((id) => {
    const name = id.slice("service-account ".length);
    const [namespace = ""] = name.split("/");
    return {
      id,
      kind: "service-account",
      name,
      namespace,
      ...(facts.serviceAccounts === undefined ? {} : { exists: there.has(name) }),
      ...(facts.pods === undefined ? {} : { pods: pods.get(name) ?? 0 }),
      details: [],
    };
  });
}

function byRole(access: readonly MapAccess[]): ReadonlyMap<string, readonly MapAccess[]> {
  const found = new Map<string, MapAccess[]>();
  for (const one of access) {
    const list = found.get(one.role);
    if (list === undefined) found.set(one.role, [one]);
    else list.push(one);
  }
  return found;
}

/** ServiceAccounts that should become a role through a provider of the stack, by config or binding, and are refused. */
function refusedOf(
  roles: readonly MapRole[],
  asked: RequestedAccess,
  access: ReadonlyMap<string, readonly MapAccess[]>,
) {
  return roles.flatMap(({ state, read }) => {
    const role = nodeId("role", state.arn);
    const admitted = new Set(access.get(role)?.map((one) => one.serviceAccount));
    const wanted = read === undefined ? [] : [...asked.of(state.arn).keys()];
    return wanted
      .filter((name) => !admitted.has(nodeId("service-account", name)))
      .map((serviceAccount) => ({ role, serviceAccount }));
  });
}

/**
 * The map of what was read. Whether AWS lets a token in is decided by `rules/trust` alone; what was not seen
 * is not guessed: it is in `unseen`, and no node mentions it.
 */
export function trustMap(facts: MapFacts): TrustMap {
  const asked = new RequestedAccess(facts);
  const roles = rolesOf(facts, asked);
  const own = new Map(facts.accounts.map((account) => [account, ownProviders(facts, account)]));
  const parties = partiesOnMap(facts);
  const atAws = roles.flatMap(({ account, read }) =>
    read === undefined
      ? []
      : (own.get(account) ?? []).flatMap((provider) => accessTo(facts, read, provider, asked)),
  );
  const access = [...atAws, ...parties.access];
  const ofRole = byRole(access);
  const parts = new Parts();
  const keys = keysOf(facts);
  parts.add(clusterParts(facts));
  parts.add(keys);
  for (const [account, providers] of own) parts.add(providerParts(account, providers));
  for (const role of roles) parts.add(roleParts(role));
  parts.add(parties);
  parts.add({ nodes: serviceAccountNodes(facts, new Set(access.map((one) => one.serviceAccount))) });
  const chains = chainsFrom(
    facts,
    roles.filter(({ state }) => ofRole.has(nodeId("role", state.arn))),
  );
  for (const { from, to } of chains) {
    parts.add(roleParts(to));
    const ends = { from: nodeId("role", from.arn), to: nodeId("role", to.state.arn) };
    parts.add({ links: [{ kind: "assumes", ...ends }] });
  }
  const { nodes, links } = parts;
  const ownIds = new Set([...own.values()].flat().map(({ arn }) => nodeId("provider", arn)));
  const ofOurs = new Set(
    links.filter((one) => one.kind === "trusts" && ownIds.has(one.from)).map(({ to }) => to),
  );
  const findings: readonly MapFinding[] = [
    ...broken(facts, [...nodes.values()], atAws, refusedOf(roles, asked, ofRole)),
    ...roles.flatMap(unreadableRole),
    ...roles.flatMap(({ account, read }) => {
      if (read === undefined) return [];
      const seen = { access: ofRole.get(nodeId("role", read.role.arn)) ?? [], nodes, asked };
      return widerRole(facts, read, own.get(account) ?? [], seen);
    }),
    ...widerProviders(facts, new Set([...own.values()].flat().map(({ arn }) => arn))),
    ...chainFindings(chains),
    ...widerKeys(keys.nodes),
    ...parties.findings,
    ...unused(facts, { nodes, links, access: ofRole, ofOurs }),
  ];
  return {
    format: 1,
    stack: facts.stack,
    issuer: facts.issuer,
    at: isoTime(facts.now),
    redacted: false,
    nodes: [...nodes.values()],
    links,
    access,
    bindings: facts.bindings,
    findings,
    unseen: facts.unseen,
  };
}
