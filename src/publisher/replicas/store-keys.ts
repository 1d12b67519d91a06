import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { SecretName } from "../../config/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";
import {
  type KubernetesApi,
  keysOfStore,
  storeKeyEntries,
  storeKeyIn,
} from "../../providers/kubernetes/index.ts";

/** Keys that prove who wrote into a store: the first writes, and each of them is accepted. None: nothing is proven. */
export type StoreKeys = () => Promise<readonly string[]>;

/** The key in a file; none if it cannot be read: the pod then goes on without one, and says so. */
const keyOfFile = (path: string): Promise<readonly string[]> =>
  readCredentialFile("store-key", path).then(
    ({ text }) => storeKeyIn(text),
    () => [],
  );

/**
 * The keys of a store: those of a folder into which its Secret of keys is mounted, or else of that Secret itself, which
 * replicas may not read: whoever has their token would prove what he likes.
 */
export function storeKeys(
  store: SecretName,
  folder: string | undefined,
  cluster: Pick<KubernetesApi, "read">,
): StoreKeys {
  return async () => {
    const files = folder === undefined ? [] : storeKeyEntries.map((name) => keyOfFile(join(folder, name)));
    const mounted = (await Promise.all(files)).flat();
    return mounted.length > 0 ? mounted : keysOfStore(store, cluster);
  };
}

/**
 * Makes the key of a store in its Secret of keys, once: one that is there stays, however often this runs. Throws
 * `cluster-not-found` without the Secret, and what the API throws.
 */
export async function makeStoreKey(
  secret: SecretName,
  cluster: Pick<KubernetesApi, "read" | "replace">,
): Promise<"made" | "kept"> {
  const object = await cluster.read({ kind: "Secret", ...secret });
  if (object === undefined)
    throw new PodtrustError("cluster-not-found", `there is no Secret ${secret.namespace}/${secret.name}`);
  const data = recordOf(object["data"]);
  if ((textOf(data["key"]) ?? "") !== "") return "kept";
  const key = Buffer.from(randomBytes(32).toString("base64url")).toString("base64");
  await cluster.replace({ ...object, data: { ...data, key } });
  return "made";
}
