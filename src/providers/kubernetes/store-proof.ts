import { createHmac, timingSafeEqual } from "node:crypto";
import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "./api.ts";
import { storeKeyName } from "./store-key.ts";

/** What the Secret of a store's keys holds: the key that writes now, and the one before a change of key. */
export const storeKeyEntries = ["key", "previous"] as const;

// 32 bytes (RFC 2104 §3: as long as the hash) take 43 characters of base64.
const minKey = 43;

/** The key that a text is; none if it is too short for one. */
export function storeKeyIn(text: string): readonly string[] {
  const key = text.trim();
  return key.length < minKey ? [] : [key];
}

/** The keys of a store's Secret of keys, for whoever may read it: no replica. Empty where it is out of reach. */
export async function keysOfStore(
  { namespace, name: store }: { readonly namespace: string; readonly name: string },
  cluster: Pick<KubernetesApi, "read">,
): Promise<readonly string[]> {
  const name = storeKeyName(store);
  try {
    const data = recordOf((await cluster.read({ kind: "Secret", namespace, name }))?.["data"]);
    return storeKeyEntries.flatMap((one) =>
      storeKeyIn(Buffer.from(textOf(data[one]) ?? "", "base64").toString("utf8")),
    );
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-forbidden") return [];
    throw error;
  }
}

/** The entry that proves another one. */
export const proofEntryOf = (entry: string): string => `proof.${entry}`;

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
