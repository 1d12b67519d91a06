import { defined, type JsonRecord, recordOf, textOf } from "../../../core/base/index.ts";
import { accountAnnotations, chainPrefix, profilePrefix } from "../annotations.ts";
import { annotationsOf } from "../annotated-access.ts";
import type { AskingLabel, PartyAsking } from "../annotation-reading.ts";
import { askedByAccounts } from "../parties.ts";
import { limits } from "../patterns.ts";
import { keptValue } from "../value-length.ts";

/** The ConfigMap of a namespace that has what its ServiceAccounts ask of one relying party. */
export interface InjectionMap {
  readonly configMap: string;
  /** The annotations of a ServiceAccount, by attribute. */
  readonly keys: Readonly<Record<string, string>>;
  /** The attributes by one of which a ServiceAccount asks. */
  readonly asks: readonly string[];
  /** Roles with names beside. */
  readonly named: readonly NamedRoles[];
  /** `labelAttribute` covers pods that ask by it. */
  readonly label?: AskingLabel;
}

/** In a ConfigMap: pods of the namespace with the relying party's label ask, whatever their ServiceAccount says. */
export const labelAttribute = "use";

/** Roles beside the first: direct ones, and chained ones. */
export type NamedRoles = "profile" | "chain";

const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

/**
 * Signs in the lines of an attribute: `NAME=VALUE`, and `NAME/PROFILE=VALUE` of a profile. Neither the name of a
 * ServiceAccount nor that of a profile can have one of them.
 */
export const signs = { value: "=", profile: "/" } as const;

/** The escapes for signs that would end a value, each with its meaning, in the order in which they are read. */
export const escapes = [
  ["~1", "\n"],
  ["~0", "~"],
] as const;

function escaped(value: string): string {
  return escapes.toReversed().reduce((text, [escape, sign]) => text.replaceAll(sign, escape), value);
}

/** That for AWS. */
export const awsMap: InjectionMap = {
  configMap: "podtrust-injection",
  keys: accountAnnotations,
  asks: ["role-arn"],
  named: ["profile", "chain"],
};

/** That for another relying party, without annotations that only pods and namespaces have. */
export function mapOf({ configMap, annotations, asks, label }: PartyAsking): InjectionMap {
  const held = Object.entries(annotations).filter(([, { on }]) => on.includes("ServiceAccount"));
  const keys = Object.fromEntries(held.map(([name, { key }]) => [name, key]));
  return { configMap, keys, asks, named: [], ...defined({ label }) };
}

/** All that a namespace may have. */
export const injectionMaps: readonly InjectionMap[] = [awsMap, ...askedByAccounts.map(mapOf)];

/** The annotations by one of which a ServiceAccount asks. */
export function asksBy({ keys, asks }: InjectionMap): readonly string[] {
  return Object.entries(keys).flatMap(([name, key]) => (asks.includes(name) ? [key] : []));
}

/** An attribute of a ServiceAccount and its line. */
type Line = readonly [attribute: string, line: string];

function linesOf(serviceAccount: JsonRecord, { keys, named }: InjectionMap): readonly Line[] {
  const annotations = annotationsOf(serviceAccount);
  const name = textOf(recordOf(serviceAccount["metadata"])["name"]) ?? "";
  const line = (attribute: string, key: string, value: string): Line => [
    attribute,
    // Of a value that is too long so much that the policies say so.
    key + signs.value + escaped(keptValue(value)),
  ];
  const plain = Object.entries(keys).flatMap(([attribute, key]) => {
    const value = textOf(annotations[key]);
    return value === undefined ? [] : [line(attribute, name, value)];
  });
  const namedLines = (kind: NamedRoles): readonly Line[] =>
    Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith(prefixes[kind]) && typeof value === "string"
        ? [line(kind, name + signs.profile + key.slice(prefixes[kind].length), value)]
        : [],
    );
  return [...plain, ...named.flatMap(namedLines)];
}

/** The text about pods with the label, where the namespace has the annotation that they need. */
function labelText(
  { label }: InjectionMap,
  of: JsonRecord | undefined,
): readonly (readonly [string, string])[] {
  if (label === undefined || (textOf(annotationsOf(of)[label.namespaceKey]) ?? "") === "") return [];
  return [[labelAttribute, `${label.value}\n`]];
}

/** What ServiceAccounts ask of one relying party, as far as the policies read it. */
interface ListedAccounts {
  readonly lines: readonly Line[];
  /** The names of those for which there is no room, in their order. */
  readonly leftOut: readonly string[];
}

/** The lines of the ServiceAccounts that ask, by name, until an attribute has as many characters as are read. */
function askedOf(serviceAccounts: readonly JsonRecord[], map: InjectionMap): ListedAccounts {
  const keys = asksBy(map);
  const asking = serviceAccounts
    .filter((one) => keys.some((key) => (textOf(annotationsOf(one)[key]) ?? "") !== ""))
    .map((one) => ({ name: textOf(recordOf(one["metadata"])["name"]) ?? "", lines: linesOf(one, map) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const [sizes, lines, leftOut] = [new Map<string, number>(), [] as Line[], [] as string[]];
  for (const one of asking) {
    const more = new Map(sizes);
    for (const [attribute, line] of one.lines)
      more.set(attribute, (more.get(attribute) ?? 0) + line.length + 1);
    if ([...more.values()].some((size) => size > limits.maxList)) {
      leftOut.push(one.name);
      continue;
    }
    for (const [attribute, size] of more) sizes.set(attribute, size);
    lines.push(...one.lines);
  }
  return { lines, leftOut };
}

/** The names of ServiceAccounts that ask, and for which the ConfigMap of `injectionConfigMap` has no room. */
export function leftOutAccounts(
  serviceAccounts: readonly JsonRecord[],
  map: InjectionMap,
): readonly string[] {
  return askedOf(serviceAccounts, map).leftOut;
}

/**
 * The ConfigMap by which a policy of the mode `configmap` injects into the pods of a namespace: what the annotations of
 * its ServiceAccounts say, for those that ask. Each attribute is one text with a line for each of them: the API
 * server reads the object anew for each pod, and a text is cheaper to it than a thousand keys. `serviceAccounts` are all
 * of the namespace, as the API gives them, as is `of` the namespace itself. The same ServiceAccounts in another order give the same object.
 */
export function injectionConfigMap(
  namespace: string,
  serviceAccounts: readonly JsonRecord[],
  map: InjectionMap = awsMap,
  of?: JsonRecord,
): JsonRecord {
  const lines = Map.groupBy(askedOf(serviceAccounts, map).lines, ([attribute]) => attribute);
  const texts = [...lines].map(([attribute, all]): readonly [string, string] => [
    attribute,
    all
      .map(([, line]) => `${line}\n`)
      .sort((a, b) => (a < b ? -1 : 1))
      .join(""),
  ]);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: map.configMap, namespace },
    data: Object.fromEntries([...texts, ...labelText(map, of)].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
