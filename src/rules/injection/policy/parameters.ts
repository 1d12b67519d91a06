import { accountAnnotations, type AccountAttribute, chainPrefix, profilePrefix } from "../annotations.ts";
import { namespaceSelector } from "./bound.ts";
import { fits, literal, type PolicyVariable } from "./cel.ts";
import { configMapName, escapes, type NamedRoles, signs } from "./config-map.ts";

/** Where a policy finds what ServiceAccounts ask for. */
export type ParameterMode = "serviceaccounts" | "configmap";

/** How expressions read what the pod's ServiceAccount asks for, whatever object it stands in. */
export interface Parameters {
  readonly paramKind: { readonly apiVersion: "v1"; readonly kind: "ServiceAccount" | "ConfigMap" };
  readonly paramRef: Readonly<Record<string, unknown>>;
  /** Where it holds, beside the pods that are meant; absent: everywhere. */
  readonly matchResources?: Readonly<Record<string, unknown>>;
  /** Of the objects that the binding selects, the one with the pod's ServiceAccount, and only if it has a role. */
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  /** What `names` and `role` are made of. */
  readonly variables: readonly PolicyVariable[];
  /** An optional text: `….orValue("")`. */
  readonly attribute: (name: AccountAttribute) => string;
  /** The names of profiles: a list of texts, in no order. */
  readonly names: (kind: NamedRoles) => string;
  /** The names of profiles whose role does not fit a pattern: each is looked at once. */
  readonly unfit: (kind: NamedRoles, pattern: RegExp) => string;
  /** The role of a profile, by an expression that gives its name. */
  readonly role: (kind: NamedRoles, name: string) => string;
}

const account = 'object.spec.?serviceAccountName.orValue("")';
const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

const roleOf: Parameters["role"] = (kind, name) =>
  `params.metadata.annotations[${literal(prefixes[kind])} + ${name}]`;

const ofServiceAccounts: Parameters = {
  paramKind: { apiVersion: "v1", kind: "ServiceAccount" },
  // Every ServiceAccount of the pod's namespace: bounded by `boundPolicies`.
  paramRef: { selector: {}, parameterNotFoundAction: "Allow" },
  matchResources: { namespaceSelector },
  matchConditions: [
    { name: "service-account-of-the-pod", expression: `${account} == params.metadata.name` },
    {
      name: "names-a-role",
      expression: `params.metadata.?annotations[?${literal(accountAnnotations["role-arn"])}].orValue("") != ""`,
    },
  ],
  variables: [],
  attribute: (name) => `params.metadata.annotations[?${literal(accountAnnotations[name])}]`,
  names: (kind) => {
    const prefix = prefixes[kind];
    const keys = `params.metadata.annotations.filter(key, key.startsWith(${literal(prefix)}))`;
    return `${keys}.map(key, key.substring(${prefix.length}))`;
  },
  unfit: (kind, pattern) => `variables.${kind}Names.filter(name, !${fits(roleOf(kind, "name"), pattern)})`,
  role: roleOf,
};

const lines = (attribute: string): string => `("\\n" + params.?data[?${literal(attribute)}].orValue(""))`;

const unescaped = (value: string): string =>
  value + escapes.map(([escape, sign]) => `.replace(${literal(escape)}, ${literal(sign)})`).join("");

/** The value of the ServiceAccount's line in the text of an attribute: optional. */
function valueOf(attribute: string): string {
  const rest = `${lines(attribute)}.split("\\n" + ${account} + ${literal(signs.value)}, 2)[?1]`;
  return `${rest}.optMap(rest, ${unescaped(`rest.split("\\n", 2)[0]`)})`;
}

/** The lines of the ServiceAccount's profiles of a kind, from the profile's name on: the whole text is looked at once. */
function profileLines(kind: NamedRoles): PolicyVariable {
  const rests = `${lines(kind)}.split("\\n" + ${account} + ${literal(signs.profile)})`;
  const expression = `${rests}.slice(1, size(${rests})).map(rest, rest.split("\\n", 2)[0])`;
  return { name: `${kind}Lines`, expression };
}

const ofConfigMap: Parameters = {
  paramKind: { apiVersion: "v1", kind: "ConfigMap" },
  // The one of this name in the pod's namespace.
  paramRef: { name: configMapName, parameterNotFoundAction: "Allow" },
  matchConditions: [{ name: "names-a-role", expression: `${valueOf("role-arn")}.orValue("") != ""` }],
  variables: [profileLines("profile"), profileLines("chain")],
  attribute: valueOf,
  names: (kind) => `variables.${kind}Lines.map(line, line.split(${literal(signs.value)}, 2)[0])`,
  unfit: (kind, pattern) => {
    const value = unescaped(`line.split(${literal(signs.value)}, 2)[1]`);
    const found = `variables.${kind}Lines.filter(line, !${fits(value, pattern)})`;
    return `${found}.map(line, line.split(${literal(signs.value)}, 2)[0])`;
  },
  role: (kind, name) => {
    const own = `variables.${kind}Lines.filter(line, line.startsWith(${name} + ${literal(signs.value)}))[0]`;
    return unescaped(`${own}.split(${literal(signs.value)}, 2)[1]`);
  },
};

/** The parameters of a mode. */
export function parametersOf(mode: ParameterMode): Parameters {
  return mode === "serviceaccounts" ? ofServiceAccounts : ofConfigMap;
}
