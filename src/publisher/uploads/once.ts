import { asPodtrustError, type Clock, type Logger, type PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import type { PassOutcome } from "../publication/loop.ts";
import { openUploads } from "./relying-parties.ts";
import type { DesiredKeys, UploadTarget } from "../targets/uploads.ts";

export interface UploadOnceOptions {
  readonly config: Config;
  readonly cluster: Pick<KubernetesApi, "oidcDocuments">;
  /** Key IDs that must be at no relying party, even if they are there now. */
  readonly without: readonly string[];
  /** Credentials come from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Result of an upload to one place. */
export interface UploadedOnce {
  readonly place: string;
  readonly outcome: PassOutcome | PodtrustError;
}

async function uploaded(
  targets: readonly UploadTarget[],
  wanted: DesiredKeys,
  signal: AbortSignal,
): Promise<readonly UploadedOnce[]> {
  return Promise.all(
    targets.map(async (target) => {
      const outcome = await target.upload(wanted, signal).catch((thrown: unknown) => {
        signal.throwIfAborted();
        return asPodtrustError(thrown);
      });
      return { place: target.place, outcome };
    }),
  );
}

/**
 * Writes these keys and no other to every relying party of a config that takes uploads. The cluster is not asked. One place's
 * failure does not stop the others.
 */
export async function uploadWhole(
  keys: readonly PublicJwk[],
  options: Omit<UploadOnceOptions, "cluster" | "without">,
): Promise<readonly UploadedOnce[]> {
  const { config, signal } = options;
  const targets = await openUploads(config, options);
  return uploaded(targets, { issuer: config.issuer, keys, stays: () => false }, signal);
}

/** The outcome with a sentence about each key that is there beyond the cluster's: one look cannot show what it is. */
function withBeyond(outcome: PassOutcome, shown: readonly { readonly kid: string }[]): PassOutcome {
  const known = new Set(shown.map(({ kid }) => kid));
  const beyond = outcome.kids.filter((kid) => !known.has(kid));
  const warnings = beyond.map(
    (kid) =>
      `The key ${kid} is there too, and the cluster does not show it: if none of its tokens is still valid, or you do not know it, take it out with --without ${kid}`,
  );
  return { ...outcome, warnings: [...outcome.warnings, ...warnings] };
}

/**
 * Uploads the keys that the cluster shows now to every relying party of a config that takes uploads. Its other keys
 * stay: one look cannot show whether their tokens are still valid. One place's failure does not stop the others. Throws
 * what reading the cluster throws, and `jwks-invalid`.
 */
export async function uploadOnce(options: UploadOnceOptions): Promise<readonly UploadedOnce[]> {
  const { config, cluster, signal } = options;
  const targets = await openUploads(config, options);
  if (targets.length === 0) return [];
  const without = new Set(options.without);
  const { keys } = parseJwkSet((await cluster.oidcDocuments({ signal })).jwks);
  const wanted = {
    issuer: config.issuer,
    keys: keys.filter(({ kid }) => !without.has(kid)),
    stays: ({ kid }: { readonly kid: string }) => !without.has(kid),
  };
  const all = await uploaded(targets, wanted, signal);
  return all.map(({ place, outcome }) => ({
    place,
    outcome: "kids" in outcome ? withBeyond(outcome, wanted.keys) : outcome,
  }));
}
