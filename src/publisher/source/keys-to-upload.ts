import { distrustIn, publishedKeys } from "./keys.ts";
import type { SourceState } from "./state.ts";
import type { DesiredKeys } from "../targets/uploads.ts";

/**
 * The keys that relying parties should get: exactly those that are published. Undefined before the cluster's first good
 * answer: the disk may be older than the place.
 *
 * Until the cluster was followed for `keyRetention`, keys uploaded before stay, unless they were distrusted: a key that
 * the cluster lost earlier may have signed tokens that are still valid. After that, keys never seen in the cluster are
 * removed.
 */
export function keysToUpload(
  { ring, from, confirmedAt }: SourceState,
  {
    issuer,
    now,
    keyRetention,
  }: { readonly issuer: string; readonly now: number; readonly keyRetention: number },
): DesiredKeys | undefined {
  const keys = publishedKeys(ring);
  if (from !== "cluster" || confirmedAt === undefined || keys.length === 0) return undefined;
  const distrusted = distrustIn(ring);
  const followed = ring.filter(({ jwk }) => distrusted(jwk) === undefined);
  const since = Math.min(...followed.map(({ firstSeen }) => firstSeen));
  const isNew = now - since < keyRetention;
  return { issuer, keys, stays: (jwk) => isNew && distrusted(jwk) === undefined };
}
