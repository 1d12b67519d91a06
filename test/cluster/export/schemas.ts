import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `string`, `number`, `bool`, `list`, `set`, `map`, `dynamic`; or what an object, or each of several, holds. */
export type Kind = string | Readonly<Record<string, Settable>>;

/** What may be written in a block. What a provider alone says is left out. */
export interface Settable {
  readonly required?: Readonly<Record<string, Kind>>;
  readonly optional?: Readonly<Record<string, Kind>>;
  readonly blocks?: Readonly<Record<string, Settable>>;
}

interface ProviderFacts {
  readonly version: string;
  /** The day on which somebody looked. */
  readonly recorded: string;
  /** Where it was looked up. */
  readonly from: string;
  /** By `resource TYPE` and `data TYPE`, of those alone that exports have. */
  readonly blocks: Readonly<Record<string, Settable>>;
}

/** A block of a file as HCL's own parser reads it; references are texts such as `${var.zone}`. */
export interface ReadBlock {
  readonly type: string;
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly blocks: readonly ReadBlock[];
}

const facts = JSON.parse(readFileSync(join(import.meta.dirname, "schemas.json"), "utf8")) as Readonly<
  Record<string, ProviderFacts>
>;

/** What OpenTofu itself takes in a resource. */
const ofOpenTofu = new Set(["count", "for_each", "provider", "lifecycle", "depends_on"]);

const isReference = (value: unknown): boolean => typeof value === "string" && value.includes("${");

function kindFaults(where: string, kind: Kind, value: unknown): readonly string[] {
  if (isReference(value) || kind === "dynamic") return [];
  if (typeof kind === "string") {
    const is = Array.isArray(value) ? "array" : typeof value;
    const wanted = {
      string: "string",
      number: "number",
      bool: "boolean",
      list: "array",
      set: "array",
      map: "object",
    };
    return is === wanted[kind as keyof typeof wanted]
      ? []
      : [`${where} is ${is}, and the provider takes ${kind}`];
  }
  return Object.entries(kind).flatMap(([form, inner]) => {
    const items = form === "object" ? [value] : (value as readonly unknown[]);
    return items.flatMap((item) => attributeFaults(where, inner, item as Readonly<Record<string, unknown>>));
  });
}

function attributeFaults(
  where: string,
  { required = {}, optional = {} }: Settable,
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  const known: Readonly<Record<string, Kind>> = { ...required, ...optional };
  const missing = Object.keys(required).filter((name) => values[name] === undefined);
  return [
    ...missing.map((name) => `${where} lacks ${name}`),
    ...Object.entries(values).flatMap(([name, value]) => {
      const kind = known[name];
      if (kind === undefined) return [`${where}.${name} cannot be set`];
      return kindFaults(`${where}.${name}`, kind, value);
    }),
  ];
}

function blockFaults(where: string, settable: Settable, block: ReadBlock): readonly string[] {
  const values = Object.entries(block.attributes).filter(([name]) => !ofOpenTofu.has(name));
  return [
    ...attributeFaults(where, settable, Object.fromEntries(values)),
    ...block.blocks
      .filter(({ type }) => !ofOpenTofu.has(type))
      .flatMap((inner) => {
        const known = settable.blocks?.[inner.type];
        const at = `${where}.${inner.type}`;
        return known === undefined ? [`${at} is no block`] : blockFaults(at, known, inner);
      }),
  ];
}

/** What the providers of an export would refuse, by their schemas as they were recorded. */
export function schemaFaults(blocks: readonly ReadBlock[]): readonly string[] {
  const all = new Map(Object.values(facts).flatMap((provider) => Object.entries(provider.blocks)));
  return blocks
    .filter(({ type }) => type === "resource" || type === "data")
    .flatMap((block) => {
      const name = `${block.type} ${block.labels[0]}`;
      const settable = all.get(name);
      return settable === undefined
        ? [`nobody has recorded the schema of ${name}`]
        : blockFaults(block.labels.join("."), settable, block);
    });
}
