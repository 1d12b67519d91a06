import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { SecretName } from "../../config/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { type KubernetesApi, storeKeyName } from "../../providers/kubernetes/index.ts";

/** Keys that prove who wrote into a store: the first writes, and each of them is accepted. None: nothing is proven. */
export type StoreKeys = () => Promise<readonly string[]>;

// What writes now, and what wrote before a change of key.
const names = ["key", "previous"] as const;
const maxKey = 4096;
// 32 bytes (RFC 2104 §3: as long as the hash) take 43 characters of base64.
const minKey = 43;

/** The key that a text is; none if it is too short for one. */
function keyIn(text: string): readonly string[] {
  const key = text.trim();
  return key.length < minKey ? [] : [key];
}

/** The key in a file; none if it cannot be read: the pod then goes on without one, and says so. */
const keyOfFile = (path: string): Promise<readonly string[]> =>
  readBoundedText(path, maxKey).then(keyIn, () => []);

/** The keys of a store's Secret of keys, for whoever may read it: no replica. Empty where it is out of reach. */
async function keysInSecret(
  { namespace, name: store }: SecretName,
  cluster: Pick<KubernetesApi, "read">,
): Promise<readonly string[]> {
  const name = storeKeyName(store);
  try {
    const data = recordOf((await cluster.read({ kind: "Secret", namespace, name }))?.["data"]);
    return names.flatMap((one) => keyIn(Buffer.from(textOf(data[one]) ?? "", "base64").toString("utf8")));
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-forbidden") return [];
    throw error;
  }
}

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
    const files = folder === undefined ? [] : names.map((name) => keyOfFile(join(folder, name)));
    const mounted = (await Promise.all(files)).flat();
    return mounted.length > 0 ? mounted : keysInSecret(store, cluster);
  };
}

/** What proves that a holder of `key` wrote `text` as that entry: HMAC-SHA-256, base64url. */
export function proofOf(key: string, entry: string, text: string): string {
  return createHmac("sha256", key).update(`podtrust store 1\n${entry}\n${text}`).digest("base64url");
}

/** Whether one of the keys proves it. */
export function isProven(
  keys: readonly string[],
  entry: string,
  text: string,
  proof: string | undefined,
): boolean {
  const given = Buffer.from(proof ?? "");
  return keys.some((key) => {
    const due = Buffer.from(proofOf(key, entry, text));
    return due.length === given.length && timingSafeEqual(due, given);
  });
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
