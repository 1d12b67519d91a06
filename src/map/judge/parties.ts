import { defined, isoTime } from "../../core/base/index.ts";
import type { MapBinding, MapFacts, MapParty } from "../facts.ts";
import { issuersOf } from "./access.ts";
import { type MapAccess, type MapFinding, type MapLink, type MapNode, nodeId, type Proof } from "./graph.ts";

/** What relying parties beside AWS add to a map. */
export interface PartiesOnMap {
  readonly nodes: readonly MapNode[];
  readonly links: readonly MapLink[];
  readonly access: readonly MapAccess[];
  readonly findings: readonly MapFinding[];
}

type Identity = MapParty["identities"][number];

/** Its place, as a box of the picture shows it: like the account at AWS. */
const whereOf = ({ title, place }: MapParty): string => `${title}, ${place}`;

const providerId = (party: MapParty): string =>
  nodeId("provider", `${whereOf(party)}, ${party.provider?.name ?? ""}`);
const identityId = (party: MapParty, { name }: Identity): string =>
  nodeId("role", `${whereOf(party)}, ${name}`);

/**
 * The binding by which a ServiceAccount should become an identity. Resource ids are not case-sensitive,
 * addresses are lower case.
 */
function bindingOf({ bindings }: MapFacts, { id, name }: Identity, who: string): MapBinding | undefined {
  const meant = (id ?? name).toLowerCase();
  return bindings.find(
    (one) => `${one.namespace}/${one.name}` === who && one.becomes.some((to) => to.toLowerCase() === meant),
  );
}

/** The last time that it was tried: by this run, or by the operator for a binding. */
function proofOf(facts: MapFacts, party: MapParty, identity: Identity, who: string): Proof | undefined {
  const { now } = facts;
  const found = party.proofs.find((one) => one.identity === identity.name && one.serviceAccount === who);
  if (found === undefined) {
    const at = bindingOf(facts, identity, who)?.lastProof;
    return at === undefined ? undefined : { outcome: "accepted", at, by: `binding ${who}` };
  }
  const base = { at: isoTime(now), by: "this run" };
  return found.accepted
    ? { outcome: "accepted", ...base }
    : { outcome: "refused", ...base, said: found.said };
}

/** Ways through a provider for this cluster's tokens: no ServiceAccount here has one of another issuer. */
function accessOf(facts: MapFacts, party: MapParty): readonly MapAccess[] {
  const { provider, identities } = party;
  if (provider === undefined || !issuersOf(facts).includes(provider.issuer)) return [];
  return identities.flatMap((identity) =>
    identity.letsIn.map((who): MapAccess => {
      const proof = proofOf(facts, party, identity, who);
      return {
        serviceAccount: nodeId("service-account", who),
        role: identityId(party, identity),
        provider: providerId(party),
        issuer: nodeId("issuer", provider.issuer),
        outcome: "admitted",
        decidingKeys: [],
        askedBy: [
          ...(identity.wanted.includes(who) ? ["config"] : []),
          ...(bindingOf(facts, identity, who) === undefined ? [] : [`binding ${who}`]),
        ],
        ...(provider.uploaded === undefined ? {} : { isUploaded: true }),
        ...defined({ proof }),
      };
    }),
  );
}

function nodesOf(facts: MapFacts, party: MapParty): Pick<PartiesOnMap, "nodes" | "links"> {
  const { title, provider, identities } = party;
  const base = { account: whereOf(party), party: title };
  const nodes: MapNode[] = [];
  const links: MapLink[] = [];
  if (provider !== undefined) {
    const id = providerId(party);
    nodes.push({ id, kind: "provider", name: provider.name, ...base, details: provider.details });
    if (issuersOf(facts).includes(provider.issuer))
      links.push({ kind: "registered", from: nodeId("issuer", provider.issuer), to: id });
  }
  for (const identity of identities.filter(({ exists }) => exists)) {
    const id = identityId(party, identity);
    nodes.push({ id, kind: "role", name: identity.name, ...base, details: [["At", whereOf(party)]] });
    if (provider !== undefined) links.push({ kind: "trusts", from: providerId(party), to: id });
    for (const policy of identity.policies) {
      const to = nodeId("policy", `${whereOf(party)}, ${policy}`);
      nodes.push({ id: to, kind: "policy", name: policy, ...base, details: [["At", whereOf(party)]] });
      links.push({ kind: "has", from: id, to });
    }
  }
  return { nodes, links };
}

const plan = "Compare it with the config: podtrust plan.";
const status = "See where the chain breaks: podtrust status.";

function missing({ issuer }: MapFacts, party: MapParty): readonly MapFinding[] {
  const found = (rule: string, what: string): MapFinding => ({
    kind: "broken",
    rule,
    node: nodeId("issuer", issuer),
    text: `${whereOf(party)} has no ${what}, which the config names`,
    next: "Make it: podtrust up.",
  });
  const absent = party.identities.filter(({ exists }) => !exists);
  return [
    ...(party.provider === undefined ? [found("provider-missing", "provider of this stack")] : []),
    ...absent.map(({ name }) => found("role-missing", name)),
  ];
}

/** Uploaded keys that the cluster no longer has, and its keys that were not uploaded. */
function uploadFindings({ cluster }: MapFacts, party: MapParty): readonly MapFinding[] {
  const { uploaded } = party.provider ?? {};
  if (uploaded === undefined || cluster?.keys === undefined) return [];
  const known = cluster.keys.map(({ kid }) => kid);
  const lacks = known.filter((kid) => !uploaded.includes(kid));
  const extra = uploaded.filter((kid) => !known.includes(kid));
  const node = providerId(party);
  const next = "Upload the cluster's keys: podtrust up.";
  const [lacking, left] = [lacks.join(", "), extra.join(", ")];
  return [
    ...(lacks.length === 0
      ? []
      : [
          {
            kind: "broken",
            rule: "key-not-uploaded",
            node,
            text: `it lacks ${lacking}, with which the cluster verifies: a token that such a key signed is refused`,
            next,
          } as const,
        ]),
    ...(extra.length === 0
      ? []
      : [
          {
            kind: "wider",
            rule: "key-uploaded-still",
            node,
            text: `it has ${left}, which the cluster no longer has: a token that such a key signed is still accepted`,
            next,
          } as const,
        ]),
  ];
}

function identityFindings(facts: MapFacts, party: MapParty, identity: Identity): readonly MapFinding[] {
  if (!identity.exists) return [];
  const node = identityId(party, identity);
  const { letsIn, wanted, others } = identity;
  const kept = wanted.filter((who) => !letsIn.includes(who));
  const extra = letsIn.filter(
    (who) => !wanted.includes(who) && bindingOf(facts, identity, who) === undefined,
  );
  const refused = party.proofs.filter((one) => one.identity === identity.name && !one.accepted);
  return [
    ...kept.map((who): MapFinding => ({
      kind: "broken",
      rule: "not-admitted",
      node,
      text: `it does not let in ${who}, which should become it`,
      next: status,
    })),
    ...refused.map(({ serviceAccount, said }): MapFinding => ({
      kind: "broken",
      rule: "token-refused",
      node,
      text: `${party.title} refused ${serviceAccount} now: ${said}`,
      next: status,
    })),
    ...(extra.length === 0
      ? []
      : [
          {
            kind: "wider",
            rule: "not-asked-for",
            node,
            text: `it lets in ${extra.join(", ")}, which neither the config nor a binding names`,
            next: plan,
          } as const,
        ]),
    ...(others === undefined
      ? []
      : [
          {
            kind: "wider",
            rule: "other-principals",
            node,
            text: `it lets in ${others} too`,
            next: plan,
          } as const,
        ]),
  ];
}

/** Relying parties beside AWS, as they describe themselves: only the named principals are judged. */
export function partiesOnMap(facts: MapFacts): PartiesOnMap {
  const { parties = [] } = facts;
  const parts = parties.map((party) => nodesOf(facts, party));
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    links: parts.flatMap(({ links }) => links),
    access: parties.flatMap((party) => accessOf(facts, party)),
    findings: parties.flatMap((party) => [
      ...missing(facts, party),
      ...uploadFindings(facts, party),
      ...party.identities.flatMap((identity) => identityFindings(facts, party, identity)),
    ]),
  };
}
