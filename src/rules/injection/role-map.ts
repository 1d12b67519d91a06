import { errorText, isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { accountAnnotations, chainPrefix, profilePrefix } from "./annotations.ts";
import { annotationsOf } from "./annotated-access.ts";

/**
 * Roles of ServiceAccounts by their names, for those without the right to annotate them: what `readRoleMap` made of a
 * ConfigMap.
 */
export interface RoleMap {
  /** Annotations by `NAMESPACE/NAME`, spelled out. */
  readonly roles: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Annotations by patterns of both, the first that fits before the others. */
  readonly patterns: readonly RolePattern[];
  /** `NAMESPACE/NAME` of those whose pods have their credentials from an agent on the node. */
  readonly agents: ReadonlySet<string>;
  /** What cannot be used, in sentences; it is left out. */
  readonly problems: readonly string[];
}

/** An entry for many: of namespace and name either may end in `*`, for any rest. */
export interface RolePattern {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export const noRoleMap: RoleMap = { roles: new Map(), patterns: [], agents: new Set(), problems: [] };

/** The keys of the ConfigMap, as AWS's webhook has them: its role map, and the file of its container credentials. */
const roleMapKeys = { roles: "config", agents: "container-credentials" } as const;

/** The members of an entry in AWS's role map (pkg/cache of amazon-eks-pod-identity-webhook), whatever their case. */
const theirs: Readonly<Record<string, keyof typeof accountAnnotations>> = {
  rolearn: "role-arn",
  audience: "audience",
  useregionalsts: "sts-regional-endpoints",
  tokenexpiration: "token-expiration",
};

const ours: readonly string[] = Object.values(accountAnnotations);

/** The annotation that a member of an entry stands for; undefined for none. */
function annotationOf(member: string): string | undefined {
  const attribute = Object.hasOwn(theirs, member.toLowerCase()) ? theirs[member.toLowerCase()] : undefined;
  if (attribute !== undefined) return accountAnnotations[attribute];
  const isOurs =
    ours.includes(member) || [profilePrefix, chainPrefix].some((prefix) => member.startsWith(prefix));
  return isOurs ? member : undefined;
}

/** The annotations of an entry, or why it is none. */
function entryOf(value: unknown): Readonly<Record<string, string>> | string {
  if (typeof value === "string") return entryOf({ [accountAnnotations["role-arn"]]: value });
  if (!isRecord(value)) return "it is neither the ARN of a role nor an object";
  const annotations: Record<string, string> = {};
  for (const [member, one] of Object.entries(value)) {
    const key = annotationOf(member);
    if (key === undefined)
      return `${member} is no annotation of a ServiceAccount, nor a member of AWS's role map`;
    if (!["string", "number", "boolean"].includes(typeof one))
      return `${member} is no text, number or boolean`;
    // In AWS's map these stand for what is not asked for.
    if (one !== 0 && one !== false) annotations[key] = String(one);
  }
  return (annotations[accountAnnotations["role-arn"]] ?? "") === "" ? "it names no role" : annotations;
}

const part = String.raw`(?:[a-z0-9][a-z0-9.-]*\*?|\*)`;
const namePattern = new RegExp(`^${part}/${part}$`, "u");

/** How much a part of a pattern says: spelled out it says all, else as much as stands before its `*`. */
const precision = (text: string): number => (text.endsWith("*") ? text.length - 1 : Infinity);

/** What says more of the ServiceAccount's name comes first, then what says more of its namespace: as AWS's webhook has it. */
const byPrecision = (a: RolePattern, b: RolePattern): number =>
  compared(precision(b.name), precision(a.name)) || compared(precision(b.namespace), precision(a.namespace));

const compared = (a: number, b: number): number => (a === b ? 0 : a - b);

const fits = (pattern: string, text: string): boolean =>
  pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;

function readRoles(text: string, problems: string[]): Pick<RoleMap, "roles" | "patterns"> {
  const entries = Object.entries(recordOf(JSON.parse(text))).flatMap(([name, value]) => {
    const entry =
      namePattern.test(name) && name !== "*/*" ? entryOf(value) : "it is not named NAMESPACE/NAME";
    if (typeof entry !== "string") return [[name, entry] as const];
    problems.push(`the role map's entry ${JSON.stringify(name)} is left out: ${entry}`);
    return [];
  });
  const patterns = entries.flatMap(([key, annotations]): RolePattern[] => {
    const [namespace = "", name = ""] = key.split("/");
    return key.includes("*") ? [{ namespace, name, annotations }] : [];
  });
  return {
    roles: new Map(entries.filter(([key]) => !key.includes("*"))),
    patterns: patterns.toSorted(byPrecision),
  };
}

function readAgents(text: string, problems: string[]): RoleMap["agents"] {
  const names = recordsOf(recordOf(JSON.parse(text))["identities"]).flatMap((one, index) => {
    const [namespace, account] = [textOf(one["namespace"]), textOf(one["serviceAccount"])];
    if (namespace !== undefined && account !== undefined) return [`${namespace}/${account}`];
    problems.push(
      `identity ${index} of ${roleMapKeys.agents} is left out: it needs namespace and serviceAccount`,
    );
    return [];
  });
  return new Set(names);
}

/**
 * Reads the data of a ConfigMap: under `config` a JSON object of roles by `NAMESPACE/NAME`, under `container-credentials`
 * one of `identities`. Both are as AWS's webhook reads them; an entry may have annotations of ours too, or be the role's
 * ARN alone. What is wrong is left out, entry by entry.
 */
export function readRoleMap(data: JsonRecord): RoleMap {
  const problems: string[] = [];
  const read = <T>(key: string, none: T, of: (text: string, problems: string[]) => T): T => {
    const text = textOf(data[key]) ?? "";
    if (text.trim() === "") return none;
    try {
      return of(text, problems);
    } catch (error) {
      problems.push(`${key} is left out: it is not JSON: ${errorText(error)}`);
      return none;
    }
  };
  const named = read(roleMapKeys.roles, noRoleMap, readRoles);
  const agents = read(roleMapKeys.agents, noRoleMap.agents, readAgents);
  return { roles: named.roles, patterns: named.patterns, agents, problems };
}

/**
 * A ServiceAccount, `NAMESPACE/NAME`, as its pods are to see it. An annotation with a role of its own wins over the map,
 * and of the map its own entry over patterns, of which the one that says most of its name counts, and of those the one that
 * says most of its namespace: so that of its name in all namespaces over the one of its namespace. Where the map's is taken,
 * the annotations that it does not name stay.
 */
export function withRoleMap(account: JsonRecord, key: string, { roles, patterns }: RoleMap): JsonRecord {
  const annotations = annotationsOf(account);
  if ((textOf(annotations[accountAnnotations["role-arn"]]) ?? "") !== "") return account;
  const [namespace = "", name = ""] = key.split("/");
  const entry =
    roles.get(key) ??
    patterns.find((one) => fits(one.name, name) && fits(one.namespace, namespace))?.annotations;
  if (entry === undefined) return account;
  const metadata = { ...recordOf(account["metadata"]), annotations: { ...annotations, ...entry } };
  return { ...account, metadata };
}
