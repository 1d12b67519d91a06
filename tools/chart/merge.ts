import { type Condition, conditionFor, type Group, type Some, type Way } from "./choices.ts";

/** A value that is not the same in every way to choose. */
export type Node =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "map"; readonly entries: readonly (Part & { readonly key: string })[] }
  | { readonly kind: "list"; readonly items: readonly Part[] }
  /** One of several that have nothing in common; what the last is on condition of is left out. */
  | { readonly kind: "either"; readonly of: readonly Part[] };

/** Part of a value, and when it is there; undefined where it always is. */
export interface Part {
  readonly when: Condition | undefined;
  readonly node: Node;
}

/** The value in each way in which there is one. */
type Values = ReadonlyMap<number, unknown>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** By what an item of a list is the same one in another way. */
function identity(item: unknown): string {
  const named = isRecord(item) ? (item["metadata"] ?? item) : undefined;
  if (isRecord(named) && typeof named["name"] === "string")
    return JSON.stringify([isRecord(item) ? item["kind"] : "", named["name"]]);
  return JSON.stringify(item);
}

/** All keys of several lists, in an order that is the order of each; undefined where there is none. */
function commonOrder(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  const order: string[] = [];
  for (const list of lists) {
    if (new Set(list).size < list.length) return undefined;
    let at = 0;
    for (const key of list) {
      const known = order.indexOf(key);
      if (known === -1) order.splice(at, 0, key);
      else if (known < at) return undefined;
      at = order.indexOf(key) + 1;
    }
  }
  return order;
}

/** Lays the shapes of one value over one another. */
export class Merge {
  readonly #groups: readonly Group[];
  readonly #ways: readonly Way[];

  constructor(groups: readonly Group[], ways: readonly Way[]) {
    this.#groups = groups;
    this.#ways = ways;
  }

  /** `values` has something for every way that is open. */
  node(values: Values): Node {
    const all = [...new Set(values.values())];
    const texts = new Set(all.map((value) => JSON.stringify(value)));
    if (texts.size === 1) return { kind: "value", value: all[0] };
    return this.#map(values, all) ?? this.#list(values, all) ?? this.#either(values);
  }

  #part(values: Values, open: Some): Part {
    const some = new Set(values.keys());
    const when = some.size === open.size ? undefined : conditionFor(this.#groups, this.#ways, some, open);
    return { when, node: this.node(values) };
  }

  #pick(values: Values, of: (value: never, key: string) => unknown, key: string): Values {
    const picked = [...values].map(([way, value]): [number, unknown] => [way, of(value as never, key)]);
    return new Map(picked.filter(([, value]) => value !== undefined));
  }

  #map(values: Values, all: readonly unknown[]): Node | undefined {
    if (!all.every((value) => isRecord(value) && Object.keys(value).length > 0)) return undefined;
    const order = commonOrder(all.map((value) => Object.keys(value as object)));
    const open = new Set(values.keys());
    const of = (value: Readonly<Record<string, unknown>>, key: string): unknown => value[key];
    const entries = order?.map((key) => ({ key, ...this.#part(this.#pick(values, of, key), open) }));
    return entries === undefined ? undefined : { kind: "map", entries };
  }

  #list(values: Values, all: readonly unknown[]): Node | undefined {
    if (!all.every((value) => Array.isArray(value) && value.length > 0)) return undefined;
    const items = new Map(
      all.map((value) => [
        value,
        new Map((value as readonly unknown[]).map((item) => [identity(item), item])),
      ]),
    );
    const order = commonOrder(all.map((value) => (value as readonly unknown[]).map(identity)));
    const open = new Set(values.keys());
    const of = (value: readonly unknown[], key: string): unknown => items.get(value)?.get(key);
    const parts = order?.map((key) => this.#part(this.#pick(values, of, key), open));
    return parts === undefined ? undefined : { kind: "list", items: parts };
  }

  #either(values: Values): Node {
    const byText = new Map<string, Map<number, unknown>>();
    for (const [way, value] of values) {
      const text = JSON.stringify(value);
      byText.set(text, (byText.get(text) ?? new Map<number, unknown>()).set(way, value));
    }
    const open = new Set(values.keys());
    return { kind: "either", of: [...byText.values()].map((same) => this.#part(same, open)) };
  }
}

/** What a node is in one way to choose: a list whose items are all left out is none. */
export function valueIn(node: Node, way: Way): unknown {
  const there = <P extends Part>(parts: readonly P[]): readonly P[] =>
    parts.filter(({ when }) => when === undefined || when.holds(way));
  if (node.kind === "value") return node.value;
  if (node.kind === "map") {
    const entries = there(node.entries).map(({ key, node: one }) => [key, valueIn(one, way)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (node.kind === "list") {
    const items = there(node.items).map(({ node: one }) => valueIn(one, way));
    return items.length === 0 ? undefined : items;
  }
  const [chosen] = there(node.of);
  return chosen === undefined ? undefined : valueIn(chosen.node, way);
}
