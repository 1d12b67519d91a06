import { delimiter, dirname, join } from "node:path";
import { isInside, isPathThere, realPathOf } from "../../core/files/index.ts";
import type { ClusterSource } from "../../config/index.ts";
import type { ClusterEnvironment } from "./environment.ts";
import { defaultKubeconfig, type KubeconfigFile } from "./kubeconfig.ts";

type KubeconfigSource = Extract<ClusterSource, { readonly kubeconfig: string }>;

/** The root of the git checkout around a folder, which a worktree's or a submodule's `.git` file marks as well. */
async function checkoutAround(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    if (await isPathThere(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** Whether kubectl would also use the file by default. */
async function isKubectls(realPath: string, { env }: ClusterEnvironment): Promise<boolean> {
  const files = defaultKubeconfig(env).split(delimiter);
  const real = await Promise.all(files.filter((file) => file !== "").map(realPathOf));
  return real.includes(realPath);
}

/**
 * Whether a kubeconfig is the person's own: kubectl's own ($KUBECONFIG, ~/.kube/config), or typed on the command line.
 * It is judged by where the opened file really is: what lies in the config's folder or in the git checkout of the
 * working folder came with those, however it is named; and what /proc, /dev or a pipe give may come from anyone.
 */
export async function isPersonsOwn(
  { realPath }: KubeconfigFile,
  { configFolder }: KubeconfigSource,
  environment: ClusterEnvironment,
): Promise<boolean> {
  if (realPath === undefined) return false;
  const working = await realPathOf(environment.cwd ?? process.cwd());
  const checkout = working === undefined ? undefined : await checkoutAround(working);
  const config = configFolder === undefined ? undefined : await realPathOf(configFolder);
  const foreign = ["/proc", "/dev", checkout, config];
  if (foreign.some((folder) => folder !== undefined && isInside(realPath, folder))) return false;
  return configFolder === undefined || isKubectls(realPath, environment);
}
