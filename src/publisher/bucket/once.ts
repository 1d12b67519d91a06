import { type Clock, PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { judge } from "../source/judge.ts";
import { observeKeys } from "../source/keys.ts";
import type { PublishedUrls } from "../source/judge.ts";
import { type PublicationOutcome, publishTo } from "./publish.ts";
import type { DocumentTarget } from "../targets/documents.ts";

export interface PublishOnceOptions {
  readonly stack: string;
  readonly names: PublishedUrls;
  /** Issuers that the cluster's tokens may name in place of ours; none by default. */
  readonly formerIssuers?: readonly string[];
  readonly cluster: Pick<KubernetesApi, "oidcDocuments">;
  readonly target: DocumentTarget;
  readonly cacheControl: string;
  /** Milliseconds. */
  readonly keyRetention: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Reads a cluster once and publishes what may be published. All memory of earlier times is in the target. Throws what
 * reading the cluster throws, `publication-refused` for documents that must not be published, and what publishTo
 * throws.
 */
export async function publishOnce(options: PublishOnceOptions): Promise<PublicationOutcome> {
  const { stack, names, cluster, target, cacheControl, keyRetention, clock, signal } = options;
  const observation = judge(await cluster.oidcDocuments({ signal }), names, options.formerIssuers);
  if (!observation.ok) {
    const { reason, message, next } = observation.refusal;
    throw new PodtrustError("publication-refused", message, { next, detail: { reason } });
  }
  const spec = () => {
    const now = clock.now();
    const { ring } = observeKeys([], observation.keys, now, keyRetention);
    return {
      stack,
      names,
      cacheControl,
      ring,
      now,
      keyRetention,
      confirmed: true,
      marksDue: true,
    };
  };
  const outcome = await publishTo(spec, { target, clock, signal });
  return { ...outcome, warnings: [...observation.warnings, ...outcome.warnings] };
}
