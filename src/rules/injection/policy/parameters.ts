import { accountAnnotations, type AccountAttribute, chainPrefix, profilePrefix } from "../annotations.ts";
import { namespaceSelector } from "./bound.ts";
import { limits } from "../patterns.ts";
import { enclosed, fits, literal, literals, type PolicyVariable } from "./cel.ts";
import { longList, noLongValue, type PodValidation } from "./messages.ts";
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
  /** The same for a policy that changes pods, where it may match less: absent, the same. */
  readonly changeConditions?: ParameterBinding["matchConditions"];
}

/** How expressions read what the pod's ServiceAccount asks for, whatever object holds it. */
export interface AccountParameters extends ParameterBinding {
  /** What `attribute` is made of, and `tooLong`: the keys of the ServiceAccount's annotations that are not used for it. */
  readonly variables: readonly PolicyVariable[];
  /** An optional text, `….orValue("")`, by the attribute and its annotation; nothing for one that is too long. */
  readonly attribute: (name: string, key: string) => string;
  /** The rule that nothing is too long; the first that is, is told. */
  readonly noneTooLong: PodValidation;
}

/** Whether an annotation of the ServiceAccount is too long to be used. */
export const isTooLong = (key: string): string => `${literal(key)} in variables.tooLong`;

/** Whether a text can be used: where it is cut out, so that nothing else is ever made of a longer one. */
const isShort = (text: string): string => `size(${text}) <= ${limits.maxValue}`;

/** The same for AWS. */
export interface Parameters extends ParameterBinding, Pick<AccountParameters, "noneTooLong"> {
  /** What `attribute`, `names` and `role` are made of, and `tooLong`. */
  readonly variables: readonly PolicyVariable[];
  /** An optional text: `….orValue("")`. */
  readonly attribute: (name: AccountAttribute) => string;
  /** The names of profiles: a list of texts, in no order. */
  readonly names: (kind: NamedRoles) => string;
  /** How many profiles there are. */
  readonly count: (kind: NamedRoles) => string;
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

const roleOf: Parameters["role"] = (kind, name) => `variables.asked[${literal(prefixes[kind])} + ${name}]`;

/** Whether a pod has the label by which pods ask, of a relying party that has one. */
function labelled({ label }: InjectionMap): readonly string[] {
  if (label === undefined) return [];
  return [`object.metadata.?labels[?${literal(label.key)}].orValue("") == ${literal(label.value)}`];
}

const allAnnotations = "params.metadata.?annotations.orValue({})";

/** What the ServiceAccount itself says: a map from keys to values. */
function ownValues({ keys, named }: InjectionMap): readonly PolicyVariable[] {
  const isRead = [
    `key in ${literals(Object.values(keys))}`,
    ...named.map((kind) => `key.startsWith(${literal(prefixes[kind])})`),
  ].join("\n    || ");
  return [
    {
      name: "asked",
      comment: "The annotations of the ServiceAccount, without those that are too long to be used.",
      expression: `${allAnnotations}.transformMap(key, value, ${isShort("value")}, string(value))`,
    },
    {
      name: "tooLong",
      comment: "Those that would be used else.",
      expression: `${allAnnotations}.transformList(key, value, !(${isShort("value")})\n  && (${isRead}), string(key)).sort()`,
    },
  ];
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
  variables: ownValues(map),
  attribute: (_name, key) => `variables.asked[?${literal(key)}]`,
  noneTooLong: noLongValue,
});

const allNames: Readonly<Record<NamedRoles, string>> = {
  profile: "variables.allProfiles",
  chain: "variables.allChains",
};

const profilesOfServiceAccounts: Pick<Parameters, "names" | "count" | "unfit" | "role"> = {
  count: (kind) => `size(${allNames[kind]})`,
  names: (kind) => {
    const prefix = prefixes[kind];
    const keys = `variables.asked.filter(key, key.startsWith(${literal(prefix)}))`;
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

/** The same of a text as it stands in a line. Each of its characters has two there at most. */
const isShortLine = (line: string, more = 0): string => `size(${line}) <= ${2 * limits.maxValue + more}`;

const isLongList = (text: string): string => `size(${text}) > ${limits.maxList}`;

/** The texts of the ConfigMap, by attribute. Others than those that are used are not looked at, nor are longer ones. */
function textsOf({ keys, named }: InjectionMap): readonly PolicyVariable[] {
  const all = literals([...Object.keys(keys), ...named]);
  const text = "params.data[attribute]";
  return [
    {
      name: "longTexts",
      comment: "The attributes of which the ConfigMap has more than is read.",
      expression: `!has(params.data) ? [] : ${all}\n  .filter(attribute, attribute in params.data && ${isLongList(text)})`,
    },
    {
      name: "texts",
      comment: "What it has of each other one.",
      expression:
        `!has(params.data) ? {} : ${all}.transformMapEntry(index, attribute,` +
        `\n  attribute in params.data && !(attribute in variables.longTexts), {attribute: ${text}})`,
    },
  ];
}

/** What the ConfigMap says of the ServiceAccount: a map from attributes to values. */
const annotatedValues: readonly PolicyVariable[] = [
  {
    name: "askedParts",
    comment: `Each text has lines SERVICEACCOUNT${signs.value}VALUE: what stands before and behind the head of the pod's.`,
    expression: `variables.texts.transformMap(attribute, text,\n  ${partsOf("text")})`,
  },
  {
    name: "askedLines",
    comment: "The values of the attributes that the ServiceAccount has, as they stand there.",
    expression:
      "variables.askedParts.transformMap(attribute, parts, size(parts) > 1," +
      `\n  parts[1].split("\\n", 2)[0])`,
  },
  {
    name: "asked",
    comment: "What the ServiceAccount asks for, without values that are too long to be used.",
    expression:
      `variables.askedLines.transformMap(attribute, line, ${isShortLine("line")}\n  && ${isShort(unescaped("line"))},` +
      `\n  ${unescaped("line")})`,
  },
];

/** The role in the line of a profile. */
const roleIn = `line.split(${literal(signs.value)}, 2)[1]`;

/** Characters of a profile's name, which is that of an annotation behind its prefix, and of the sign. */
const maxName = 64;

const isShortProfile = `${isShortLine("line", maxName)}\n  && ${isShort(unescaped(roleIn))}`;

/** All lines of a kind, which may be longer than is used. */
const allLines: Readonly<Record<NamedRoles, string>> = { profile: "allProfileLines", chain: "allChainLines" };

/** Whether there are so many profiles of a kind that none is looked at. */
const isCrowded = (kind: NamedRoles): string => `size(variables.${kind}Parts) > ${limits.maxLooked + 1}`;

/** The lines of the ServiceAccount's profiles of a kind, from the profile's name on. */
function profileLines(kind: NamedRoles): readonly PolicyVariable[] {
  const all = lines(`variables.texts[?${literal(kind)}].orValue("")`);
  return [
    {
      name: `${kind}Parts`,
      comment: `Of the lines SERVICEACCOUNT${signs.profile}NAME${signs.value}ROLE what stands behind the sign ${signs.profile}.`,
      expression: `${all}.split(${begin(signs.profile)})`,
    },
    {
      name: allLines[kind],
      comment: "The same without further lines; none where there are so many that none would be used.",
      expression:
        `(${isCrowded(kind)} ? [] : variables.${kind}Parts)` +
        `\n  .transformList(index, rest, index > 0, rest.split("\\n", 2)[0])`,
    },
    {
      name: `${kind}Lines`,
      comment: "Those whose role is not too long to be used.",
      expression: `variables.${allLines[kind]}.filter(line, ${isShortProfile})`,
    },
  ];
}

/** The annotations that are too long, by the lines that are. */
function tooLongOf({ keys, named }: InjectionMap): PolicyVariable {
  const all = Object.entries(keys).map(([attribute, key]) => `${literal(attribute)}: ${literal(key)}`);
  const ofKeys =
    `${enclosed("{", all, "}")}.transformList(attribute, key,` +
    `\n  attribute in variables.longTexts || attribute in variables.askedLines && !(attribute in variables.asked), key)`;
  const ofNames = named.map(
    (kind) =>
      `variables.${allLines[kind]}.filter(line, !(${isShortProfile}))` +
      `\n  .map(line, ${literal(prefixes[kind])} + line.substring(0, ${maxName}).split(${literal(signs.value)}, 2)[0])`,
  );
  return {
    name: "tooLong",
    comment: "The annotations that are not used, as they are too long.",
    expression: `(${[ofKeys, ...ofNames].join("\n+ ")}).sort()`,
  };
}

/**
 * Whether the ServiceAccount has a line of an attribute, and something in it. A condition may use no variable. A text that
 * is not read is only counted, once: each comparison with a part of it would count it again. What is behind the head is
 * looked for in a list for the same reason.
 */
function namedIn(attribute: string, whereLong: boolean): string {
  const text = `params.data[${literal(attribute)}]`;
  const isNamed = `${partsOf(text)}\n  .exists(index, rest, index == 1 && !(rest in [""]) && !rest.startsWith("\\n"))`;
  return `has(params.data) && ${literal(attribute)} in params.data\n  && (${isLongList(text)} ? ${whereLong} : ${isNamed})`;
}

/** Whether of the attributes by which a ServiceAccount asks one is read. */
function isReadIn({ asks }: InjectionMap): string {
  const long = asks.map(
    (one) => `${literal(one)} in params.data && ${isLongList(`params.data[${literal(one)}]`)}`,
  );
  return `!(${long.join("\n  && ")})`;
}

/**
 * The condition for asking. Of a text that is not read nobody knows whose lines it has: `whereLong` is whether each pod of
 * its namespace is looked at then.
 */
function asksIn(
  { map, condition }: AccountSource,
  whereLong: boolean,
): ParameterBinding["matchConditions"][number] {
  const isRead = whereLong ? "" : `\n  && ${isReadIn(map)}`;
  const any = [
    ...map.asks.map((attribute) => namedIn(attribute, whereLong)),
    ...labelled(map).map((has) => `params.?data[?${literal(labelAttribute)}].hasValue() && ${has}${isRead}`),
  ].join("\n|| ");
  return { name: condition.name, expression: `// ${condition.comment}\n${any}` };
}

const ofConfigMap = ({ map, condition }: AccountSource): AccountParameters => ({
  paramKind: { apiVersion: "v1", kind: "ConfigMap" },
  // The one of this name in the pod's namespace.
  paramRef: { name: map.configMap, parameterNotFoundAction: "Allow" },
  // What is too long is told of, and nothing is made of it.
  matchConditions: [asksIn({ map, condition }, true)],
  changeConditions: [asksIn({ map, condition }, false)],
  variables: [...textsOf(map), ...annotatedValues, ...map.named.flatMap(profileLines), tooLongOf(map)],
  attribute: (name) => `variables.asked[?${literal(name)}]`,
  noneTooLong: {
    expression: `size(variables.longTexts) == 0 && ${noLongValue.expression}`,
    messageExpression: `size(variables.longTexts) > 0\n  ? ${longList(map.configMap)}\n  : ${noLongValue.messageExpression}`,
  },
});

const profilesOfConfigMap: Pick<Parameters, "names" | "count" | "unfit" | "role"> = {
  count: (kind) => `(${isCrowded(kind)} ? size(variables.${kind}Parts) - 1 : size(${allNames[kind]}))`,
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
  const attribute: Parameters["attribute"] = (name) => shared.attribute(name, accountAnnotations[name]);
  const profiles = mode === "serviceaccounts" ? profilesOfServiceAccounts : profilesOfConfigMap;
  return { ...shared, attribute, ...profiles };
}
