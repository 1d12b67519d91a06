import { boundsOf } from "../oidc/index.ts";
import type { RotationFacts } from "./facts.ts";
import { type MoveRefusal, refused } from "./verdict.ts";

/** The algorithm of a key, as API servers show it; undefined where none does. */
export function algorithmOf({ servers }: RotationFacts, kid: string): string | undefined {
  return servers.map(({ algorithms = {} }) => algorithms[kid]).find((one) => one !== undefined);
}

/**
 * Why a key of this algorithm may not come to sign: a relying party of the config verifies none, and would refuse every
 * token. `next`: what to do about it.
 */
export function unverified(
  { parties = [] }: RotationFacts,
  { what, alg }: { readonly what: string; readonly alg: string | undefined },
  next: string,
): MoveRefusal | undefined {
  if (alg === undefined) return undefined;
  const refusing = parties.map(boundsOf).find(({ algorithms }) => !algorithms.some((one) => one === alg));
  if (refusing === undefined) return undefined;
  const { title, algorithms } = refusing;
  const message = `${what} is for ${alg}, and ${title} verifies ${algorithms.join(", ")}: it would refuse every token`;
  return refused("algorithm-refused", message, next);
}
