import {
  type MapAccess,
  type Breakage,
  breakageOf,
  type MapFinding,
  type MapNode,
  type TrustMap,
} from "../judge/index.ts";

/** A map with indexes for its lists. */
export interface MapView {
  readonly map: TrustMap;
  readonly breaks: (id: string) => Breakage;
  node(id: string): MapNode | undefined;
  /** The `id` attribute of a node. */
  anchor(id: string): string;
  ofKind(...kinds: readonly MapNode["kind"][]): readonly MapNode[];
  /** Nodes to which a node leads. */
  next(id: string): readonly string[];
  /** Nodes that lead to a node. */
  before(id: string): readonly string[];
  waysTo(role: string): readonly MapAccess[];
  waysOf(serviceAccount: string): readonly MapAccess[];
  findings(id: string): readonly MapFinding[];
}

function grouped<T>(all: readonly T[], key: (one: T) => string): (key: string) => readonly T[] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return (name) => groups.get(name) ?? [];
}

/** Order by name, whatever the language. */
const byName = (a: MapNode, b: MapNode): number =>
  a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1;

export function viewOf(map: TrustMap): MapView {
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const anchors = new Map(map.nodes.map(({ id }, index) => [id, `n${index}`]));
  const from = grouped(map.links, (link) => link.from);
  const to = grouped(map.links, (link) => link.to);
  return {
    map,
    breaks: breakageOf(map),
    node: (id) => nodes.get(id),
    anchor: (id) => anchors.get(id) ?? "top",
    ofKind: (...kinds) => map.nodes.filter(({ kind }) => kinds.includes(kind)).toSorted(byName),
    next: (id) => from(id).map((link) => link.to),
    before: (id) => to(id).map((link) => link.from),
    waysTo: grouped(map.access, ({ role }) => role),
    waysOf: grouped(map.access, ({ serviceAccount }) => serviceAccount),
    findings: grouped(map.findings, ({ node }) => node),
  };
}
