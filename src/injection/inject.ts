import { type JsonRecord, recordsOf, textOf } from "../base/index.ts";
import { folderPath, mountPaths, tokenFileName, tokenVolumeName } from "./place.ts";
import { isWindows, type PodSpec, tokenPath, windowsPath } from "./pod.ts";
import type { RoleAccess } from "./role-access.ts";
import { variableGroups } from "./variables.ts";

function tokenVolume({ audience, expirationSeconds }: RoleAccess): JsonRecord {
  const serviceAccountToken = { audience, expirationSeconds, path: tokenFileName };
  return { name: tokenVolumeName, projected: { sources: [{ serviceAccountToken }] } };
}

/** The mount of the token: the one that is there, else one at a path that nothing else has. */
function mountOf(container: JsonRecord): { readonly path: string; readonly added: readonly JsonRecord[] } {
  const mounts = recordsOf(container["volumeMounts"]);
  const found = textOf(mounts.find(({ name }) => name === tokenVolumeName)?.["mountPath"]);
  if (found !== undefined) return { path: folderPath(found), added: [] };
  const taken = new Set(mounts.map((mount) => folderPath(textOf(mount["mountPath"]) ?? "")));
  const mountPath = mountPaths.find((path) => !taken.has(path)) ?? mountPaths[0];
  return { path: mountPath, added: [{ name: tokenVolumeName, mountPath, readOnly: true }] };
}

function withEntries(container: JsonRecord, key: string, added: readonly JsonRecord[]): JsonRecord {
  return added.length === 0 ? container : { ...container, [key]: [...recordsOf(container[key]), ...added] };
}

/**
 * A pod's spec in which every container, init container and sidecar has the token and the variables of a role. What
 * is there already stays as it is: a variable keeps its value (with a role or a token file of its own a container
 * gets neither), and a volume or mount of the token's name is used in place of another. Given its own result it
 * changes nothing; containers named by `skip` are left alone.
 *
 * The rules are those of amazon-eks-pod-identity-webhook, so that either may come first.
 */
export function injectRole(spec: PodSpec, access: RoleAccess, skip: readonly string[] = []): PodSpec {
  const volumes = recordsOf(spec["volumes"]);
  const found = volumes.find(({ name }) => name === tokenVolumeName);
  const volume = found ?? tokenVolume(access);
  const inject = (container: JsonRecord): JsonRecord => {
    if (skip.includes(textOf(container["name"]) ?? "")) return container;
    const { path, added } = mountOf(container);
    const file = `${path}/${tokenPath(volume)}`;
    const present = new Set(recordsOf(container["env"]).map(({ name }) => name));
    const variables = variableGroups(access, isWindows(spec) ? windowsPath(file) : file)
      .filter(({ unless }) => !unless.some((name) => present.has(name)))
      .flatMap((group) => group.variables.filter(({ name }) => !present.has(name)));
    return withEntries(
      withEntries(
        container,
        "env",
        variables.map((one) => ({ ...one })),
      ),
      "volumeMounts",
      added,
    );
  };
  const lists = ["initContainers", "containers"].filter((key) => Array.isArray(spec[key]));
  return {
    ...spec,
    ...Object.fromEntries(lists.map((key) => [key, recordsOf(spec[key]).map(inject)])),
    ...(found === undefined ? { volumes: [...volumes, volume] } : {}),
  };
}
