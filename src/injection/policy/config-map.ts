import { type JsonRecord, recordOf, textOf } from "../../base/index.ts";
import { accountAnnotations, chainPrefix, profilePrefix } from "../annotations.ts";
import { annotationsOf } from "../asked.ts";

/** The ConfigMap of a namespace that has what its ServiceAccounts ask for. */
export const configMapName = "podtrust-injection";

/** Between a ServiceAccount's name, which cannot have it, and the rest of a key. */
export const entrySeparator = "_";

/** Roles beside the first: direct ones, and chained ones. */
export type NamedRoles = "profile" | "chain";

const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

/** The rest of the key under which the role of a profile stands. */
export function entryOf(kind: NamedRoles, name: string): string {
  return `${kind}${entrySeparator}${name}`;
}

/** The rest of the key under which the names of all profiles of a kind stand, parted by spaces. */
export function namesEntry(kind: NamedRoles): string {
  return `${kind}s`;
}

// The bound of the API server on a key of a ConfigMap (IsConfigMapKey).
const longestKey = 253;

function namedEntries(annotations: JsonRecord, kind: NamedRoles): readonly (readonly [string, string])[] {
  const prefix = prefixes[kind];
  const found = Object.entries(annotations).flatMap(([key, value]) =>
    key.startsWith(prefix) && typeof value === "string" ? [[key.slice(prefix.length), value] as const] : [],
  );
  if (found.length === 0) return [];
  return [
    [
      namesEntry(kind),
      found
        .map(([name]) => name)
        .sort()
        .join(" "),
    ],
    ...found.map(([name, value]) => [entryOf(kind, name), value] as const),
  ];
}

function entriesOf(serviceAccount: JsonRecord): readonly (readonly [string, string])[] {
  const annotations = annotationsOf(serviceAccount);
  const name = textOf(recordOf(serviceAccount["metadata"])["name"]) ?? "";
  const plain = Object.entries(accountAnnotations).flatMap(([attribute, key]) => {
    const value = textOf(annotations[key]);
    return value === undefined ? [] : [[attribute, value] as const];
  });
  const all = [...plain, ...namedEntries(annotations, "profile"), ...namedEntries(annotations, "chain")];
  const keyed = all.map(([entry, value]) => [name + entrySeparator + entry, value] as const);
  // In parts it would be another access than the one that was asked for.
  return keyed.every(([key]) => key.length <= longestKey) ? keyed : [];
}

/** The data of a ConfigMap, and the ServiceAccounts for which there is no room in it. */
export interface InjectionConfigMap {
  readonly object: JsonRecord;
  /** By name: their keys would be longer than 253 characters. */
  readonly leftOut: readonly string[];
}

/**
 * The ConfigMap by which the policy of the mode `configmap` injects into the pods of a namespace: what the annotations of
 * its ServiceAccounts say, under `NAME_ATTRIBUTE`, for those that have a role. `serviceAccounts` are all of the namespace,
 * as the API gives them. The same ServiceAccounts in another order give the same object.
 */
export function injectionConfigMap(
  namespace: string,
  serviceAccounts: readonly JsonRecord[],
): InjectionConfigMap {
  const asking = serviceAccounts
    .filter((one) => (textOf(annotationsOf(one)[accountAnnotations["role-arn"]]) ?? "") !== "")
    .map((one) => ({
      name: textOf(recordOf(one["metadata"])["name"]) ?? "",
      entries: entriesOf(one),
    }));
  const entries = asking.flatMap((one) => one.entries).sort(([a], [b]) => (a < b ? -1 : 1));
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMapName, namespace },
    data: Object.fromEntries(entries),
  };
  return { object, leftOut: asking.filter((one) => one.entries.length === 0).map(({ name }) => name) };
}
