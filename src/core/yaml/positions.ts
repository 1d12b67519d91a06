import { type Document, isAlias, isMap, isNode, isPair, isSeq, type Pair, type YAMLMap } from "yaml";

/** A path of keys and of positions in lists. */
export type YamlPath = readonly (string | number)[];

/** A key as the plain value of its mapping has it. */
export function keyOf({ key }: Pair): string {
  return String(isNode(key) ? key.toJSON() : key);
}

function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** Finds nodes of a document by their path, and caches what it has looked through. */
export class Positions {
  readonly #document: Document;
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(document: Document) {
    this.#document = document;
  }

  #pairOf(node: unknown, key: string | number): Pair | undefined {
    if (!isMap(node)) return undefined;
    let pairs = this.#pairs.get(node);
    if (pairs === undefined) {
      pairs = new Map(node.items.map((pair) => [keyOf(pair), pair]));
      this.#pairs.set(node, pairs);
    }
    return pairs.get(String(key));
  }

  #nodeAt(path: YamlPath): unknown {
    let node: unknown = this.#document.contents;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      node = isSeq(node) ? node.items[Number(key)] : this.#pairOf(node, key)?.value;
    }
    return node;
  }

  /** The offset of a value, or of the nearest thing above it that exists. */
  offsetOf(path: YamlPath): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const offset = offsetOf(this.#nodeAt(path.slice(0, length)));
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  /** The offset of a key itself; undefined for what is no key. */
  offsetOfKey(path: YamlPath): number | undefined {
    const key = path.at(-1);
    return key === undefined ? undefined : offsetOf(this.#pairOf(this.#nodeAt(path.slice(0, -1)), key));
  }
}
