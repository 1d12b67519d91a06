import { accountAnnotations, type AccountAttribute, chainPrefix, profilePrefix } from "../annotations.ts";
import { namespaceSelector } from "./bound.ts";
import { literal } from "./cel.ts";
import { configMapName, entrySeparator, entryOf, namesEntry, type NamedRoles } from "./config-map.ts";

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
  /** An optional text: `….orValue("")`. */
  readonly attribute: (name: AccountAttribute) => string;
  /** The names of profiles: a list of texts, in no order. */
  readonly names: (kind: NamedRoles) => string;
  /** The role of a profile, by an expression that gives its name. */
  readonly role: (kind: NamedRoles, name: string) => string;
}

const account = 'object.spec.?serviceAccountName.orValue("")';
const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

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
  attribute: (name) => `params.metadata.annotations[?${literal(accountAnnotations[name])}]`,
  names: (kind) => {
    const prefix = prefixes[kind];
    const keys = `params.metadata.annotations.filter(key, key.startsWith(${literal(prefix)}))`;
    return `${keys}.map(key, key.substring(${prefix.length}))`;
  },
  role: (kind, name) => `params.metadata.annotations[${literal(prefixes[kind])} + ${name}]`,
};

const key = (entry: string): string => `${account} + ${literal(entrySeparator + entry)}`;

const ofConfigMap: Parameters = {
  paramKind: { apiVersion: "v1", kind: "ConfigMap" },
  // The one of this name in the pod's namespace.
  paramRef: { name: configMapName, parameterNotFoundAction: "Allow" },
  matchConditions: [
    {
      name: "names-a-role",
      expression: `params.?data[?${key("role-arn")}].orValue("") != ""`,
    },
  ],
  attribute: (name) => `params.data[?${key(name)}]`,
  names: (kind) => `params.data[?${key(namesEntry(kind))}].orValue("").split(" ").filter(name, name != "")`,
  role: (kind, name) => `params.data[${key(entryOf(kind, ""))} + ${name}]`,
};

/** The parameters of a mode. */
export function parametersOf(mode: ParameterMode): Parameters {
  return mode === "serviceaccounts" ? ofServiceAccounts : ofConfigMap;
}
