import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { folderPath, tokenFileName } from "./mount-paths.ts";

/** A pod's `spec`, as the API gives it or takes it; not assumed to be valid. */
export type PodSpec = JsonRecord;

/** The projected tokens of a volume: file name and audience of each. */
function projectedTokens(
  volume: JsonRecord | undefined,
): readonly { readonly path: string; readonly audience: string }[] {
  return recordsOf(recordOf(volume?.["projected"])["sources"]).flatMap((source) => {
    const token = recordOf(source["serviceAccountToken"]);
    const path = textOf(token["path"]);
    const audience = textOf(token["audience"]) ?? "the API server's own";
    return path === undefined ? [] : [{ path, audience }];
  });
}

/** The file under which a volume has the first of its tokens. */
export function tokenPath(volume: JsonRecord): string {
  return projectedTokens(volume)[0]?.path ?? tokenFileName;
}

/** Whether a mount shows all of its volume. With a subPath it is one file or folder of it, which is never renewed. */
export function isWholeMount({ subPath, subPathExpr }: JsonRecord): boolean {
  return (textOf(subPath) ?? "") === "" && (textOf(subPathExpr) ?? "") === "";
}

/** The tokens that a container sees: their audiences, by the file's absolute path. */
export function tokenFiles(spec: PodSpec, container: JsonRecord): ReadonlyMap<string, string> {
  const mounts = recordsOf(container["volumeMounts"])
    .filter(isWholeMount)
    .flatMap((mount) => {
      const path = textOf(mount["mountPath"]);
      return path === undefined ? [] : [{ name: mount["name"], folder: folderPath(path) }];
    });
  const found = recordsOf(spec["volumes"]).flatMap((volume) =>
    mounts
      .filter(({ name }) => name === volume["name"])
      .flatMap(({ folder }) =>
        projectedTokens(volume).map(({ path, audience }) => [`${folder}/${path}`, audience] as const),
      ),
  );
  return new Map(found);
}

/** The labels of nodes by which a pod's nodeSelector chooses a system. */
export const osLabels: readonly string[] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
export const windows = "windows";
export const windowsDrive = "C:";

/** Whether a pod is for nodes with Windows, where mounts are written as everywhere and files as there. */
export function isWindows(spec: PodSpec): boolean {
  const selector = recordOf(spec["nodeSelector"]);
  return recordOf(spec["os"])["name"] === windows || osLabels.some((label) => selector[label] === windows);
}

/** A file's path as a program on Windows opens it. */
export function windowsPath(path: string): string {
  return windowsDrive + path.replaceAll("/", "\\");
}

/** A path as mounts are written, whatever the system. */
export function mountedPath(path: string): string {
  return /^c:/iu.test(path) ? path.slice(2).replaceAll("\\", "/") : path;
}

/** All containers of a pod: init containers and sidecars, then the others. */
export function containersOf(pod: JsonRecord): readonly JsonRecord[] {
  const spec = recordOf(pod["spec"]);
  return ["initContainers", "containers"].flatMap((key) => recordsOf(spec[key]));
}

/** Whether a pod is still of interest: one that has ended needs no token. */
export function isAlive(pod: JsonRecord): boolean {
  const { phase } = recordOf(pod["status"]);
  return phase !== "Succeeded" && phase !== "Failed";
}
