import { type JsonRecord, recordOf, textOf } from "../../../core/base/index.ts";
import { accountAnnotations, chainPrefix, profilePrefix } from "../annotations.ts";
import { annotationsOf } from "../annotated-access.ts";

/** The ConfigMap of a namespace that has what its ServiceAccounts ask for. */
export const configMapName = "podtrust-injection";

/** Roles beside the first: direct ones, and chained ones. */
export type NamedRoles = "profile" | "chain";

const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

/**
 * Signs in the lines of an attribute: `NAME=VALUE`, and `NAME/PROFILE=VALUE` of a profile. Neither the name of a
 * ServiceAccount nor that of a profile can have one of them.
 */
export const signs = { value: "=", profile: "/" } as const;

/** What stands in a value for signs that would end it, each with what it means, in the order in which they are read. */
export const escapes = [
  ["~1", "\n"],
  ["~0", "~"],
] as const;

function escaped(value: string): string {
  return escapes.toReversed().reduce((text, [escape, sign]) => text.replaceAll(sign, escape), value);
}

/** An attribute of a ServiceAccount and its line. */
type Line = readonly [attribute: string, line: string];

function linesOf(serviceAccount: JsonRecord): readonly Line[] {
  const annotations = annotationsOf(serviceAccount);
  const name = textOf(recordOf(serviceAccount["metadata"])["name"]) ?? "";
  const line = (attribute: string, key: string, value: string): Line => [
    attribute,
    key + signs.value + escaped(value),
  ];
  const plain = Object.entries(accountAnnotations).flatMap(([attribute, key]) => {
    const value = textOf(annotations[key]);
    return value === undefined ? [] : [line(attribute, name, value)];
  });
  const named = (kind: NamedRoles): readonly Line[] =>
    Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith(prefixes[kind]) && typeof value === "string"
        ? [line(kind, name + signs.profile + key.slice(prefixes[kind].length), value)]
        : [],
    );
  return [...plain, ...named("profile"), ...named("chain")];
}

/**
 * The ConfigMap by which the policy of the mode `configmap` injects into the pods of a namespace: what the annotations of
 * its ServiceAccounts say, for those that have a role. Each attribute is one text with a line for each of them: the API
 * server reads the object anew for each pod, and a text is cheaper to it than a thousand keys. `serviceAccounts` are all
 * of the namespace, as the API gives them. The same ServiceAccounts in another order give the same object.
 */
export function injectionConfigMap(namespace: string, serviceAccounts: readonly JsonRecord[]): JsonRecord {
  const asking = serviceAccounts.filter(
    (one) => (textOf(annotationsOf(one)[accountAnnotations["role-arn"]]) ?? "") !== "",
  );
  const lines = Map.groupBy(asking.flatMap(linesOf), ([attribute]) => attribute);
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
    metadata: { name: configMapName, namespace },
    data: Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
