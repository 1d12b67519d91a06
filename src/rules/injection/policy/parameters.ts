import { accountAnnotations, type AccountAttribute, chainPrefix, profilePrefix } from "../annotations.ts";
import { namespaceSelector } from "./bound.ts";
import { fits, literal, type PolicyVariable } from "./cel.ts";
import {
  asksBy,
  awsMap,
  escapes,
  type InjectionMap,
  labelAttribute,
  type NamedRoles,
  signs,
} from "./config-map.ts";

/** Where a policy finds what ServiceAccounts ask for. */
export type ParameterMode = "serviceaccounts" | "configmap";

/** The objects in which a policy reads what is asked for, and when it is evaluated at all. */
export interface ParameterBinding {
  readonly paramKind: { readonly apiVersion: "v1"; readonly kind: "ServiceAccount" | "ConfigMap" };
  readonly paramRef: Readonly<Record<string, unknown>>;
  /** Where it applies, in addition to its pods; absent: everywhere. */
  readonly matchResources?: Readonly<Record<string, unknown>>;
  /** Of the objects that the binding selects, the one with the pod's ServiceAccount, and only if that asks. */
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
}

/** How expressions read what the pod's ServiceAccount asks for, whatever object holds it. */
export interface AccountParameters extends ParameterBinding {
  /** What `attribute` is made of. */
  readonly variables: readonly PolicyVariable[];
  /** An optional text, `….orValue("")`, by the attribute and its annotation. */
  readonly attribute: (name: string, key: string) => string;
}

/** The same for AWS. */
export interface Parameters extends ParameterBinding {
  /** What `attribute`, `names` and `role` are made of. */
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

/** The source of the annotations that a policy reads. */
export interface AccountSource {
  readonly map: InjectionMap;
  /** The condition for asking: its name, and what it says of a ConfigMap, for readers of the policy. */
  readonly condition: { readonly name: string; readonly comment: string };
}

const account = 'object.spec.?serviceAccountName.orValue("")';
const prefixes: Readonly<Record<NamedRoles, string>> = { profile: profilePrefix, chain: chainPrefix };

const roleOf: Parameters["role"] = (kind, name) =>
  `params.metadata.annotations[${literal(prefixes[kind])} + ${name}]`;

/** Whether a pod has the label by which pods ask, of a relying party that has one. */
function labelled({ label }: InjectionMap): readonly string[] {
  if (label === undefined) return [];
  return [`object.metadata.?labels[?${literal(label.key)}].orValue("") == ${literal(label.value)}`];
}

const ofServiceAccounts = ({ map, condition }: AccountSource): AccountParameters => ({
  paramKind: { apiVersion: "v1", kind: "ServiceAccount" },
  // Every ServiceAccount of the pod's namespace: bounded by `boundPolicies`.
  paramRef: { selector: {}, parameterNotFoundAction: "Allow" },
  matchResources: { namespaceSelector },
  matchConditions: [
    { name: "service-account-of-the-pod", expression: `${account} == params.metadata.name` },
    {
      name: condition.name,
      expression: [
        ...asksBy(map).map((key) => `params.metadata.?annotations[?${literal(key)}].orValue("") != ""`),
        ...labelled(map),
      ].join("\n|| "),
    },
  ],
  variables: [],
  attribute: (_name, key) => `params.metadata.?annotations[?${literal(key)}]`,
});

const profilesOfServiceAccounts: Pick<Parameters, "names" | "unfit" | "role"> = {
  names: (kind) => {
    const prefix = prefixes[kind];
    const keys = `params.metadata.annotations.filter(key, key.startsWith(${literal(prefix)}))`;
    return `${keys}.map(key, key.substring(${prefix.length}))`;
  },
  unfit: (kind, pattern) => `variables.${kind}Names.filter(name, !${fits(roleOf(kind, "name"), pattern)})`,
  role: roleOf,
};

const lines = (text: string): string => `("\\n" + ${text})`;

const unescaped = (value: string): string =>
  value + escapes.map(([escape, sign]) => `.replace(${literal(escape)}, ${literal(sign)})`).join("");

/** The text before a value of the ServiceAccount, and before a profile of its. */
const begin = (sign: string): string => `"\\n" + ${account} + ${literal(sign)}`;

const head = `${account} + ${literal(signs.value)}`;

/**
 * A text before and behind the head of the ServiceAccount's line, which may be the first. The text is not copied: it has a
 * line for each of a thousand ServiceAccounts.
 */
const partsOf = (text: string): string =>
  `${text}.split((${text}.startsWith(${head}) ? "" : "\\n") + ${head}, 2)`;

/** What the ConfigMap says of the ServiceAccount: a map from attributes to values. */
const annotatedValues: readonly PolicyVariable[] = [
  {
    name: "askedParts",
    comment: `Each text has lines SERVICEACCOUNT${signs.value}VALUE: what stands before and behind the head of the pod's.`,
    expression: `params.?data.orValue({}).transformMap(attribute, text,\n  ${partsOf("text")})`,
  },
  {
    name: "asked",
    comment: "What the ServiceAccount asks for: the values of the attributes that it has.",
    expression:
      "variables.askedParts.transformMap(attribute, parts, size(parts) > 1," +
      `\n  ${unescaped(`parts[1].split("\\n", 2)[0]`)})`,
  },
];

/** The lines of the ServiceAccount's profiles of a kind, from the profile's name on. */
function profileLines(kind: NamedRoles): PolicyVariable {
  const all = lines(`params.?data[?${literal(kind)}].orValue("")`);
  return {
    name: `${kind}Lines`,
    comment: `Of the lines SERVICEACCOUNT${signs.profile}NAME${signs.value}ROLE what stands behind the sign ${signs.profile}.`,
    expression:
      `${all}.split(${begin(signs.profile)})` +
      `\n  .transformList(index, rest, index > 0, rest.split("\\n", 2)[0])`,
  };
}

/** Whether the ServiceAccount has a line of an attribute, and something in it. A condition may use no variable. */
const namedIn = (attribute: string): string =>
  `params.?data[?${literal(attribute)}].optMap(text,\n  ${partsOf("text")}[?1]` +
  `\n  .optMap(rest, rest != "" && !rest.startsWith("\\n")).orValue(false)\n).orValue(false)`;

const ofConfigMap = ({ map, condition }: AccountSource): AccountParameters => ({
  paramKind: { apiVersion: "v1", kind: "ConfigMap" },
  // The one of this name in the pod's namespace.
  paramRef: { name: map.configMap, parameterNotFoundAction: "Allow" },
  matchConditions: [
    {
      name: condition.name,
      expression: `// ${condition.comment}\n${[
        ...map.asks.map(namedIn),
        ...labelled(map).map((has) => `params.?data[?${literal(labelAttribute)}].hasValue() && ${has}`),
      ].join("\n|| ")}`,
    },
  ],
  variables: annotatedValues,
  attribute: (name) => `variables.asked[?${literal(name)}]`,
});

const profilesOfConfigMap: Pick<Parameters, "names" | "unfit" | "role"> = {
  names: (kind) => `variables.${kind}Lines.map(line, line.split(${literal(signs.value)}, 2)[0])`,
  unfit: (kind, pattern) => {
    const value = unescaped(`line.split(${literal(signs.value)}, 2)[1]`);
    const found = `variables.${kind}Lines.filter(line, !${fits(value, pattern)})`;
    return `${found}\n  .map(line, line.split(${literal(signs.value)}, 2)[0])`;
  },
  role: (kind, name) => {
    const own = `variables.${kind}Lines.filter(line, line.startsWith(${name} + ${literal(signs.value)}))[0]`;
    return unescaped(`${own}.split(${literal(signs.value)}, 2)[1]`);
  },
};

/** How the policies of a mode read what a relying party is asked for. */
export function accountParameters(mode: ParameterMode, source: AccountSource): AccountParameters {
  return mode === "serviceaccounts" ? ofServiceAccounts(source) : ofConfigMap(source);
}

const awsSource: AccountSource = {
  map: awsMap,
  condition: {
    name: "names-a-role",
    comment: "The ConfigMap has a line for the pod's ServiceAccount, and a role in it.",
  },
};

/** The parameters of a mode, for AWS. */
export function parametersOf(mode: ParameterMode): Parameters {
  const shared = accountParameters(mode, awsSource);
  if (mode === "serviceaccounts") {
    // A ServiceAccount with a role has annotations.
    const attribute: Parameters["attribute"] = (name) =>
      `params.metadata.annotations[?${literal(accountAnnotations[name])}]`;
    return { ...shared, attribute, ...profilesOfServiceAccounts };
  }
  const attribute: Parameters["attribute"] = (name) => shared.attribute(name, accountAnnotations[name]);
  const variables = [...shared.variables, profileLines("profile"), profileLines("chain")];
  return { ...shared, attribute, variables, ...profilesOfConfigMap };
}
