import { type Fields, fields, items, textOf } from "./fields.ts";
import { folderPath, tokenFileName } from "./place.ts";

/** A pod's `spec`, as the API gives it or takes it; nothing of it is taken for granted. */
export type PodSpec = Fields;

/** The projected tokens of a volume: file name and audience of each. */
function projectedTokens(
  volume: Fields | undefined,
): readonly { readonly path: string; readonly audience: string }[] {
  return items(fields(volume?.["projected"])["sources"]).flatMap((source) => {
    const token = fields(source["serviceAccountToken"]);
    const path = textOf(token["path"]);
    const audience = textOf(token["audience"]) ?? "the API server's own";
    return path === undefined ? [] : [{ path, audience }];
  });
}

/** The file under which a volume has the first of its tokens. */
export function tokenPath(volume: Fields): string {
  return projectedTokens(volume)[0]?.path ?? tokenFileName;
}

/** The tokens that a container sees: their audiences, by the file's absolute path. */
export function tokenFiles(spec: PodSpec, container: Fields): ReadonlyMap<string, string> {
  const mounts = items(container["volumeMounts"]).flatMap((mount) => {
    const path = textOf(mount["mountPath"]);
    return path === undefined ? [] : [{ name: mount["name"], folder: folderPath(path) }];
  });
  const found = items(spec["volumes"]).flatMap((volume) =>
    mounts
      .filter(({ name }) => name === volume["name"])
      .flatMap(({ folder }) =>
        projectedTokens(volume).map(({ path, audience }) => [`${folder}/${path}`, audience] as const),
      ),
  );
  return new Map(found);
}

const osLabels = ["kubernetes.io/os", "beta.kubernetes.io/os"];

/** Whether a pod is for nodes with Windows, where mounts are written as everywhere and files as there. */
export function isWindows(spec: PodSpec): boolean {
  const selector = fields(spec["nodeSelector"]);
  return fields(spec["os"])["name"] === "windows" || osLabels.some((label) => selector[label] === "windows");
}

/** A file's path as a program on Windows opens it. */
export function windowsPath(path: string): string {
  return `C:${path.replaceAll("/", "\\")}`;
}

/** A path as mounts are written, whatever the system. */
export function mountedPath(path: string): string {
  return /^c:/iu.test(path) ? path.slice(2).replaceAll("\\", "/") : path;
}

/** Whether a pod is still of interest: one that has ended needs no token. */
export function isAlive(pod: Fields): boolean {
  const { phase } = fields(pod["status"]);
  return phase !== "Succeeded" && phase !== "Failed";
}
