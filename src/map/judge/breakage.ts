import { defined } from "../../core/base/index.ts";
import type { MapAccess, MapNode, TrustMap } from "./graph.ts";

/** A ServiceAccount that loses a role. */
export interface Loss {
  readonly serviceAccount: string;
  readonly role: string;
  /** Pods that run as it; absent if they were not seen. */
  readonly pods?: number;
}

/** What breaks when something is deleted. Names of nodes are IDs. */
export interface Breakage {
  readonly node: string;
  /** Which ServiceAccounts can no longer become which role. */
  readonly losses: readonly Loss[];
  /** What happens, as a sentence. */
  readonly text: string;
}

/** The nodes that a way needs. A key is one of them as long as tokens are signed with it. */
function needs(access: MapAccess, map: Ways): readonly string[] {
  const { serviceAccount, role, provider, issuer, isUploaded } = access;
  const read = isUploaded === true ? [] : [issuer];
  return [serviceAccount, role, provider, ...read, ...map.clusters, ...map.signing];
}

interface Ways {
  readonly clusters: readonly string[];
  readonly signing: readonly string[];
}

const count = (much: number, what: string): string => `${much} ${what}${much === 1 ? "" : "s"}`;

/** What is lost, in numbers. */
function lossText(losses: readonly Loss[]): string {
  const who = new Set(losses.map(({ serviceAccount }) => serviceAccount)).size;
  const roles = new Set(losses.map(({ role }) => role)).size;
  const pods = [...new Map(losses.map((one) => [one.serviceAccount, one.pods ?? 0])).values()];
  const running = pods.reduce((sum, one) => sum + one, 0);
  const seen = losses.some((one) => one.pods !== undefined);
  return `${count(who, "ServiceAccount")} can no longer become ${count(roles, "role")}${seen ? `; ${count(running, "pod")} run as them` : ""}`;
}

const maxNamed = 20;

/** The names of the pods whose tokens are refused: those that `rotate stolen` names. */
function hitText(hit: readonly string[]): string {
  const more = hit.length > maxNamed ? ` and ${hit.length - maxNamed} more` : "";
  return `the tokens of ${count(hit.length, "pod")} are refused until they are renewed: ${hit.slice(0, maxNamed).join(", ")}${more}`;
}

function keyText({ state, hit }: MapNode, losses: readonly Loss[]): string {
  const named = hit === undefined || hit.length === 0 ? "" : `; ${hitText(hit)}`;
  if (state === "current")
    return `${lossText(losses)}, until their tokens are signed with another key that is published${named}`;
  if (state === "next") return "Nothing yet: it signs nothing. A rotation has to make another and wait again";
  if (state === "distrusted" || state === "not-published")
    return "Nothing at AWS: no token of it is accepted";
  if (hit !== undefined) {
    const who = hit.length === 0 ? "no pod that was seen holds a token of it" : hitText(hit);
    return `New tokens are not affected; ${who}`;
  }
  return "Tokens that it signed earlier are refused. Which pods hold one cannot be seen from here; new tokens are not affected";
}

/** How many roles use something. */
function rolesOn(map: TrustMap, id: string): number {
  return map.links.filter(({ to, kind }) => to === id && (kind === "has" || kind === "bounded")).length;
}

function textOf(map: TrustMap, node: MapNode, losses: readonly Loss[]): string {
  if (node.kind === "key") return keyText(node, losses);
  if (node.kind === "policy")
    return `${count(rolesOn(map, node.id), "role")} may no longer do what it allows, and may do again what it denies`;
  if (node.kind === "boundary")
    return `IAM keeps it as long as a role has it. Without it, ${count(rolesOn(map, node.id), "role")} may do all that their policies allow`;
  const onward = map.links.filter(({ kind, from }) => kind === "assumes" && from === node.id).length;
  const further = onward === 0 ? "" : `; its sessions can no longer become ${count(onward, "other role")}`;
  if (losses.length === 0) return `Nothing that was seen${further}`;
  return `${lossText(losses)}${further}`;
}

/**
 * What breaks when a node is deleted: every ServiceAccount that loses a role, since no other way leads there.
 * The ways are found once; the result is then called with a node's ID. An ID that is not on the map breaks
 * nothing.
 */
export function breakageOf(map: TrustMap): (id: string) => Breakage {
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const ways: Ways = {
    clusters: map.nodes.filter(({ kind }) => kind === "cluster").map(({ id }) => id),
    signing: map.nodes.filter(({ state }) => state === "current").map(({ id }) => id),
  };
  const pairs = new Map<string, MapAccess[]>();
  for (const one of map.access) {
    const pair = `${one.serviceAccount} ${one.role}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), one]);
  }
  const lost = new Map<string, Loss[]>();
  for (const [first, ...others] of pairs.values()) {
    if (first === undefined) continue;
    const onAll = needs(first, ways).filter((id) => others.every((one) => needs(one, ways).includes(id)));
    const pods = nodes.get(first.serviceAccount)?.pods;
    const loss = {
      serviceAccount: first.serviceAccount,
      role: first.role,
      ...defined({ pods }),
    };
    for (const id of onAll) {
      const list = lost.get(id);
      if (list === undefined) lost.set(id, [loss]);
      else list.push(loss);
    }
  }
  return (id) => {
    const node = nodes.get(id);
    const losses = lost.get(id) ?? [];
    return {
      node: id,
      losses,
      text: node === undefined ? "Nothing that was seen" : textOf(map, node, losses),
    };
  };
}
