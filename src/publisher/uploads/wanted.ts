import { distrustIn, publishedKeys } from "../source/keys.ts";
import type { SourceState } from "../source/state.ts";
import type { WantedUpload } from "./target.ts";

/**
 * What relying parties are to be given by what is known: just what is published. Undefined before the cluster's first good answer:
 * what the disk holds may be older than what stands there.
 *
 * Until the cluster was followed for `retention`, keys that were uploaded before stay, unless they were distrusted: one that the
 * cluster had and lost before may have signed what lives yet. From then on what nobody saw in the cluster goes.
 */
export function keysToUpload(
  { ring, from, confirmedAt }: SourceState,
  { issuer, now, retention }: { readonly issuer: string; readonly now: number; readonly retention: number },
): WantedUpload | undefined {
  const keys = publishedKeys(ring);
  if (from !== "cluster" || confirmedAt === undefined || keys.length === 0) return undefined;
  const distrusted = distrustIn(ring);
  const followed = ring.filter(({ jwk }) => distrusted(jwk) === undefined);
  const since = Math.min(...followed.map(({ firstSeen }) => firstSeen));
  const isNew = now - since < retention;
  return { issuer, keys, stays: (jwk) => isNew && distrusted(jwk) === undefined };
}
