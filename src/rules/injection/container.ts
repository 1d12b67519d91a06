import { defined, type JsonRecord, recordsOf, textOf } from "../../core/base/index.ts";
import { configMountPath, configVolumeName, fileIn, folderPath } from "./mount-paths.ts";
import { isWholeMount } from "./pod.ts";
import { variableGroupNames, variableGroups, variableNames, type VariableValues } from "./variables.ts";

/** What all containers of a pod have in common. */
export interface PodCredentials {
  readonly values: VariableValues;
  /** The variables by which clients find the credentials. */
  readonly by: "role" | "container";
  /** The token's volume, and where it is mounted: at the first of these places that nothing else has, if there is one. */
  readonly volume: string;
  readonly mountPaths: readonly [string, string];
  /** The file name of the token in its volume. */
  readonly token: string;
  /** The path of a file as the pod's programs open it. */
  readonly path: (file: string) => string;
  /** The config file of a pod with several roles; and whether its role is had by that file alone. */
  readonly config: { readonly file: string; readonly chainsDefault: boolean } | undefined;
}

interface Mount {
  /** Undefined where the token has no place. */
  readonly path: string | undefined;
  readonly added: readonly JsonRecord[];
}

/** The names of a list's members. */
export const namesOf = (values: unknown): readonly unknown[] => recordsOf(values).map(({ name }) => name);

/** The folders where a container has something mounted. */
function foldersOf(container: JsonRecord): readonly string[] {
  return recordsOf(container["volumeMounts"]).map(({ mountPath }) => folderPath(String(mountPath)));
}

/** The mount of the token: the one that is there, else one at a path that nothing else has. */
function tokenMount(container: JsonRecord, { by, volume, mountPaths }: PodCredentials): Mount {
  const mounts = recordsOf(container["volumeMounts"]);
  const found = textOf(mounts.find((one) => one["name"] === volume && isWholeMount(one))?.["mountPath"]);
  if (found !== undefined) return { path: found, added: [] };
  const taken = foldersOf(container);
  const path = mountPaths.find((one) => !taken.includes(one));
  if (path === undefined) return { path, added: [] };
  // AWS's webhook leaves a container that has all three by itself without the token.
  const present = new Set(namesOf(container["env"]));
  const has = (group: keyof typeof variableGroupNames): boolean =>
    variableGroupNames[group].some((name) => present.has(name));
  const complete = has("sts") && has("region") && has(by);
  return { path, added: complete ? [] : [{ name: volume, readOnly: true, mountPath: path }] };
}

/** How a container uses the config file: it has ours, is given it, or does without. */
export function configUse(container: JsonRecord, credentials: PodCredentials): "there" | "added" | "none" {
  if (credentials.config === undefined) return "none";
  const own = recordsOf(container["env"]).find(({ name }) => name === variableNames.config);
  if (own !== undefined) return own["value"] === credentials.config.file ? "there" : "none";
  return foldersOf(container).includes(configMountPath) ? "none" : "added";
}

function withEntries(container: JsonRecord, key: string, added: readonly JsonRecord[]): JsonRecord {
  return added.length === 0 ? container : { ...container, [key]: [...recordsOf(container[key]), ...added] };
}

/** Whether a container has its role by the config file: in several SDKs the role's variables win over a profile. */
function isByProfile(container: JsonRecord, credentials: PodCredentials): boolean {
  if (configUse(container, credentials) === "none") return false;
  return (
    credentials.config?.chainsDefault === true || namesOf(container["env"]).includes(variableNames.profile)
  );
}

/** Whether a container gets no role because volumes of its own are mounted at both places of the token. */
export function hasNoPlace(container: JsonRecord, credentials: PodCredentials): boolean {
  const present = namesOf(container["env"]);
  const has = variableGroupNames[credentials.by].some((name) => present.includes(name));
  return (
    !has && !isByProfile(container, credentials) && tokenMount(container, credentials).path === undefined
  );
}

/** A container with the token and the variables of a role; the same object where it has all of it. */
export function injectContainer(container: JsonRecord, credentials: PodCredentials): JsonRecord {
  const { path, added } = tokenMount(container, credentials);
  const use = configUse(container, credentials);
  const present = new Set(namesOf(container["env"]));
  const byProfile = isByProfile(container, credentials);
  const tokenFile = path === undefined ? "" : credentials.path(fileIn(path, credentials.token));
  const file = use === "added" ? credentials.config?.file : undefined;
  const values = { ...credentials.values, tokenFile, ...defined({ configFile: file }) };
  const variables = variableGroups(values)
    .filter(({ group }) => !variableGroupNames[group].some((name) => present.has(name)))
    .filter(({ group }) => !(byProfile && group === "role"))
    .filter(({ group }) => !(path === undefined && group === credentials.by))
    .flatMap((group) => group.variables);
  const mount = { name: configVolumeName, readOnly: true, mountPath: configMountPath };
  return withEntries(withEntries(container, "env", variables), "volumeMounts", [
    ...added,
    ...(use === "added" ? [mount] : []),
  ]);
}
