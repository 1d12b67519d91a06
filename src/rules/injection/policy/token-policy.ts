import type { JsonRecord } from "../../../core/base/index.ts";
import type { PartyAsking } from "../annotation-reading.ts";
import { osLabels, windows } from "../pod.ts";
import { indented, listIf, literal, literals, type PolicyVariable, record, verbatim } from "./cel.ts";
import { type MatchCondition, mutatingObjects, type PolicyMinor } from "./objects.ts";
import {
  add,
  annotationOperations,
  lacksVolume,
  mountOf,
  nothingToDo,
  projectedVolume,
  volumeList,
} from "./operations.ts";
import type { ParameterBinding } from "./parameters.ts";

/** Variables of which a container gets all or none; as `TokenVariables`, in expressions. */
export interface VariablesExpression {
  readonly names: readonly string[];
  readonly value: string;
  /** Whether there is a value at all; absent: always. */
  readonly condition?: string;
  readonly isFile: boolean;
}

/** The sources of the volume where a condition holds, absent: always. */
export interface SourcesExpression {
  readonly condition?: string;
  readonly sources: readonly string[];
}

/** The arguments of `injectToken`, in expressions of CEL. */
export interface TokenPolicy {
  readonly name: string;
  readonly parameters?: ParameterBinding;
  readonly matchConditions: readonly MatchCondition[];
  /** Those that the other expressions use. */
  readonly variables: readonly PolicyVariable[];
  readonly volume: string;
  readonly folder: string;
  readonly sources: readonly SourcesExpression[];
  /** By a key for each group. */
  readonly groups: Readonly<Record<string, VariablesExpression>>;
  /** The names of containers that are left alone, as a list; absent: none is. */
  readonly skipped?: string;
  readonly annotation?: { readonly key: string; readonly value: string };
  /** Without it nothing is added, though the policy matches. */
  readonly guard?: string;
}

/** The same for one that ServiceAccounts ask for, in a file that a variable of `file` names. */
export interface TokenOfAccounts extends Omit<TokenPolicy, "parameters"> {
  readonly groups: TokenPolicy["groups"] & {
    readonly file: VariablesExpression & { readonly names: readonly [string, ...string[]] };
  };
  readonly skipped: string;
  readonly guard: string;
}

/** How the API server itself injects for a relying party that ServiceAccounts ask for. */
export interface PartyPolicy {
  readonly asking: PartyAsking;
  /** Its variables may use those of `askedVariables`. */
  readonly token: TokenOfAccounts;
}

/** The same for one that pods themselves ask for. */
export interface PodPolicy {
  /** An annotation by which a pod asks, with a value. */
  readonly asksBy: readonly [key: string, value: string];
  readonly token: TokenPolicy;
}

const isElsewhere = [
  ...osLabels.map((label) => `object.spec.?nodeSelector[?${literal(label)}].orValue("")`),
  'object.spec.?os.?name.orValue("")',
].map((value) => `${value} != ${literal(windows)}`);

/** Whether a pod is for another system than Windows, where paths are others. */
export const isNotWindows: string = isElsewhere.join("\n  && ");

const env = "container.?env.orValue([])";
const mounts = "container.?volumeMounts.orValue([])";

const takes = (group: string): string => `takes${group.charAt(0).toUpperCase()}${group.slice(1)}`;

function takesGroup({ names, condition }: VariablesExpression): string {
  const lacks = names.map((name) => `!(${literal(name)} in container.names)`).join(" && ");
  return condition === undefined ? lacks : `${condition} && ${lacks}`;
}

/** The containers of a list: where each stands, and of its variables and mounts those that matter. */
function look(list: string, { folder, groups, skipped }: TokenPolicy): string {
  const at = `mount.mountPath.matches(${literal(`^${verbatim(folder)}/*$`)})`;
  const all = literals(Object.values(groups).flatMap(({ names }) => names));
  const members = {
    path: `${literal(`/spec/${list}/`)} + string(index)`,
    hasVariables: `size(${env}) > 0`,
    hasMounts: `size(${mounts}) > 0`,
    names: `${env}.filter(variable, variable.name in ${all}).map(variable, variable.name)`,
    mounted: `${mounts}.filter(mount, ${at}).map(mount, mount.name)`,
  };
  const meant = skipped === undefined ? "" : ` !(container.name in ${skipped}),`;
  return `object.spec.?${list}.orValue([])\n  .transformList(index, container,${meant} ${indented(record(members))})`;
}

/** What the containers that are not skipped have, each: the only pass over all of their variables. */
function containers(policy: TokenPolicy): PolicyVariable {
  return {
    name: "containers",
    comment: "The containers: where each stands, and of its variables and mounts those that matter here.",
    expression: `${look("initContainers", policy)}\n+ ${look("containers", policy)}`,
  };
}

/** What each of them lacks. */
function targets({ volume, groups }: TokenPolicy): PolicyVariable {
  const members = {
    path: "container.path",
    hasVariables: "container.hasVariables",
    hasMounts: "container.hasMounts",
    takesMount: "size(container.mounted) == 0",
    isMounted: `${literal(volume)} in container.mounted`,
    ...Object.fromEntries(Object.entries(groups).map(([group, one]) => [takes(group), takesGroup(one)])),
  };
  return {
    name: "targets",
    comment: "What each of these containers lacks.",
    expression: `variables.containers.map(container, ${record(members)})`,
  };
}

/** Whether nothing is left to do, as when the API server asks again. What is false may still be done. */
function done({ volume, groups, annotation }: TokenPolicy): PolicyVariable {
  const lacks = ["takesMount", ...Object.keys(groups).map(takes)].map((one) => `target.${one}`);
  const all = [
    `!(${lacksVolume(volume)})`,
    ...(annotation === undefined
      ? []
      : [`object.metadata.?annotations[?${literal(annotation.key)}].hasValue()`]),
    `!variables.targets.exists(target, ${lacks.join(" || ")})`,
  ];
  return {
    name: "isDone",
    comment: "Whether nothing is left to do, as when the API server asks again after it has changed the pod.",
    expression: all.join("\n  && "),
  };
}

function ofVolumes({ volume, sources }: TokenPolicy): readonly string[] {
  const one = ({ condition, sources: of }: SourcesExpression): string => {
    const where = condition === undefined ? lacksVolume(volume) : `${lacksVolume(volume)} && ${condition}`;
    return listIf(where, add('"/spec/volumes/0"', projectedVolume(volume, of)));
  };
  return [volumeList, ...sources.map(one)];
}

function ofContainers({ volume, folder, groups }: TokenPolicy): string {
  const path = (list: string): string => `target.path + ${literal(`/${list}`)}`;
  const variables = Object.entries(groups).map(([group, { names, value, isFile }]) => {
    const hasFiles = isFile ? " && (target.takesMount || target.isMounted)" : "";
    const entries = names.map((name) => record({ name: literal(name), value }));
    return listIf(`target.${takes(group)}${hasFiles}`, ...entries);
  });
  const operations = [
    listIf("!target.hasVariables", add(path("env"), "[]")),
    `(${indented(`\n${variables.join("\n+ ")}`)}\n).map(entry, ${add(path("env/-"), "entry")})`,
    listIf("!target.hasMounts && target.takesMount", add(path("volumeMounts"), "[]")),
    listIf("target.takesMount", add(path("volumeMounts/-"), mountOf(volume, literal(folder)))),
  ];
  return `variables.targets.map(target,${indented(`\n${operations.join("\n+ ")}`)}\n).flatten()`;
}

/** What `injectToken` does, as the operations of a JSON patch. */
function patch(policy: TokenPolicy): string {
  const { annotation, guard } = policy;
  const [first = "[]", ...more] = ofVolumes(policy);
  const lines = [
    "// The volume.",
    first,
    ...more.map((one) => `+ ${one}`),
    ...(annotation === undefined
      ? []
      : [
          "// The text of which the downward API makes a file.",
          ...annotationOperations(annotation.key, annotation.value).map((one) => `+ ${one}`),
        ]),
    "// In each container the variables and the mount.",
    `+ ${ofContainers(policy)}`,
  ];
  const whole = lines.join("\n");
  const isDone = guard === undefined ? "variables.isDone" : `!(${guard}) || variables.isDone`;
  return `${isDone} ? ${nothingToDo} : (${indented(`\n${whole}`)}\n)`;
}

/** The admission policy by which the API server gives pods one relying party's token: what `injectToken` does. */
export function tokenPolicies(policy: TokenPolicy, kubernetes: PolicyMinor): readonly JsonRecord[] {
  const { name, parameters, matchConditions, variables } = policy;
  return mutatingObjects({
    name,
    parameters,
    matchConditions,
    variables: [...variables, containers(policy), targets(policy), done(policy)],
    kubernetes,
    expression: patch(policy),
  });
}
