import { jwkThumbprint } from "../../rules/keys/index.ts";
import type { FormerIssuer, PublicationRefusal } from "../status.ts";
import type { Observation } from "./judge.ts";
import { type KeyRing, publishedKeys } from "./keys.ts";

/** Since when the cluster's tokens name a former issuer; undefined if they name ours. */
export function formerAt(
  before: FormerIssuer | undefined,
  issuer: string | undefined,
  now: number,
): FormerIssuer | undefined {
  if (issuer === undefined) return undefined;
  return before?.issuer === issuer ? before : { issuer, since: now };
}

/**
 * Whether the keys are those of another cluster. A former issuer is often a default that many clusters share, so it
 * proves little: if a cluster that names one shows no key seen within `keyRetention`, its keys are not published.
 * Undefined if there is nothing to compare with.
 */
export function foreignKeys(
  ring: KeyRing,
  observation: Observation,
  { now, keyRetention }: { readonly now: number; readonly keyRetention: number },
): PublicationRefusal | undefined {
  if (!observation.ok || observation.formerIssuer === undefined) return undefined;
  const recent = ring.filter(({ lastSeen }) => now - lastSeen < keyRetention);
  const known = new Set(publishedKeys(recent).map(jwkThumbprint));
  if (known.size === 0 || observation.keys.some((key) => known.has(jwkThumbprint(key)))) return undefined;
  return {
    reason: "issuer-mismatch",
    message: `the cluster names ${observation.formerIssuer} as its issuer, which publisher.formerIssuers lists, and shows none of the keys that are published: it is another cluster than before`,
    next: "Choose the right cluster in publisher.source. If it is right, and its keys were all replaced, start podtrust serve once with --accept-keys.",
  };
}
