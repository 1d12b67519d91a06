import { isoSeconds } from "../../core/base/index.ts";
import {
  emptyRecord,
  hitPods,
  keyAcross,
  rememberedOf,
  type RotationRecord,
} from "../../rules/rotation/index.ts";
import type { KeyName, MapFacts, PublisherKey } from "../facts.ts";
import { type MapKeyState, type MapLink, type MapNode, nodeId } from "./graph.ts";

/** Which key signs, as far as it was seen: by a fresh token, by the publisher, or since there is no other. */
function signingKid({ proofs, parties = [], publisher, cluster }: MapFacts): string | undefined {
  const asked = [...proofs, ...parties.flatMap((party) => party.proofs)];
  const minted = asked.find(({ kid }) => kid !== undefined)?.kid;
  if (minted !== undefined) return minted;
  const reported = publisher?.find(({ signs }) => signs !== undefined)?.kid;
  if (reported !== undefined) return reported;
  return cluster?.keys?.length === 1 ? cluster.keys[0]?.kid : undefined;
}

/** Where a key was seen. */
interface Sight {
  readonly known: boolean | undefined;
  readonly published: boolean | undefined;
  readonly reported: PublisherKey | undefined;
}

/**
 * The state that a rotation recorded for a key that the cluster verifies with and the issuer publishes;
 * undefined without one.
 */
function rememberedState(
  record: RotationRecord,
  kid: string,
  signs: string | undefined,
): MapKeyState | undefined {
  if (!record.keys.some((key) => key.kid === kid)) return undefined;
  const files = { verify: [], signing: "", privates: [] };
  const server = { name: "", verifies: [kid], signs, files, stale: undefined };
  const sight = { where: "over IPv4", kids: [kid] } as const;
  const { state } = keyAcross({ servers: [server], published: [sight], record }, kid);
  return state === "out" ? undefined : state;
}

/** The same as a publisher saw the keys. For keys that were first seen together the order is unknown. */
function publishedState(publisher: readonly PublisherKey[], kid: string): MapKeyState {
  const reported = publisher.find((key) => key.kid === kid);
  if (reported?.mayDistrustFrom !== undefined) return "previous";
  const signer = publisher.find(({ signs }) => signs !== undefined);
  const isNewer = (reported?.firstSeen ?? 0) > (signer?.firstSeen ?? Number.POSITIVE_INFINITY);
  return isNewer ? "next" : "published";
}

function stateOf(
  facts: MapFacts,
  { kid, signing }: { readonly kid: string; readonly signing: string | undefined },
  { known, published, reported }: Sight,
): MapKeyState {
  if (reported?.state === "distrusted" && published !== true) return "distrusted";
  if (published === false) return "not-published";
  if (known === false) return "retained";
  if (kid === signing) return "current";
  const { rotation = emptyRecord, publisher = [] } = facts;
  return rememberedState(rotation, kid, signing) ?? publishedState(publisher, kid);
}

function detailsOf({ known, published, reported }: Sight, alg: string, signs: boolean): MapNode["details"] {
  const word = (value: boolean | undefined): string =>
    value === undefined ? "not seen" : value ? "yes" : "no";
  const details: [string, string][] = [
    ["Algorithm", alg],
    ["Signs tokens now", signs ? "yes" : "not that was seen"],
    ["In the cluster's JWK Set", word(known)],
    ["Published by the issuer", word(published)],
  ];
  if (reported?.retainedUntil !== undefined)
    details.push(["Published until", isoSeconds(reported.retainedUntil)]);
  if (reported?.mayDistrustFrom !== undefined)
    details.push(["May be distrusted from", isoSeconds(reported.mayDistrustFrom)]);
  if (reported?.distrustedAt !== undefined) details.push(["Distrusted", isoSeconds(reported.distrustedAt)]);
  return details;
}

const has = (keys: readonly KeyName[] | undefined, kid: string): boolean | undefined =>
  keys?.some((key) => key.kid === kid);

/** A key as it is shown on the map. */
interface JudgedKey {
  readonly kid: string;
  readonly state: MapKeyState;
  readonly reported: PublisherKey | undefined;
}

const unused: readonly MapKeyState[] = ["next", "distrusted", "not-published"];

/**
 * Pods that hold a token of a key, by the judgement of `rotate stolen`. The API servers' own flags are not
 * read here: the issuer counts as their audience, which is the default.
 */
function hitOf(facts: MapFacts, { kid, state, reported }: JudgedKey): Pick<MapNode, "hit"> {
  const { pods = [], cluster, issuer, rotation = emptyRecord, now } = facts;
  const known = pods.flatMap(({ tokens }) => tokens ?? []);
  if (known.length === 0) return {};
  if (unused.includes(state)) return { hit: [] };
  const rules = { audiences: [cluster?.issuer ?? issuer], maximum: undefined, extend: true };
  const retired = rememberedOf(rotation, kid).retiredAt ?? reported?.absentSince ?? now;
  const last = state === "current" ? now : retired;
  return { hit: hitPods(known, { last, rules, now }).map(({ namespace, name }) => `${namespace}/${name}`) };
}

function linksOf(facts: MapFacts, id: string, { known, published }: Sight): readonly MapLink[] {
  const { cluster, issuer } = facts;
  const links: MapLink[] = [];
  if (cluster !== undefined && known === true)
    links.push({ kind: "verifies", from: id, to: nodeId("cluster", cluster.server) });
  if (published === true) links.push({ kind: "published", from: id, to: nodeId("issuer", issuer) });
  return links;
}

/** The keys of cluster, issuer and publisher, with their links. */
export function keysOf(facts: MapFacts): {
  readonly nodes: readonly MapNode[];
  readonly links: readonly MapLink[];
} {
  const { cluster, published, publisher } = facts;
  const names = new Map<string, KeyName>();
  for (const key of [...(cluster?.keys ?? []), ...(published ?? []), ...(publisher ?? [])])
    if (!names.has(key.kid)) names.set(key.kid, key);
  const signing = signingKid(facts);
  const found = [...names.values()].map(({ kid, alg }) => {
    const reported = publisher?.find((key) => key.kid === kid);
    const sight = { known: has(cluster?.keys, kid), published: has(published, kid), reported };
    const signs = kid === signing;
    const details = detailsOf(sight, alg, signs);
    const id = nodeId("key", kid);
    const state = stateOf(facts, { kid, signing }, sight);
    const node: MapNode = {
      id,
      kind: "key",
      name: kid,
      state,
      ...hitOf(facts, { kid, state, reported }),
      details,
    };
    return { node, links: linksOf(facts, id, sight) };
  });
  return { nodes: found.map(({ node }) => node), links: found.flatMap(({ links }) => links) };
}
