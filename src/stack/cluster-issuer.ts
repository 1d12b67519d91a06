import { ChildAbort, defined, errorText, PodtrustError } from "../core/base/index.ts";
import { openKubernetes } from "../providers/kubernetes/index.ts";
import { issuerDifference, parseDiscovery } from "../rules/oidc/index.ts";
import type { PartContext, Preflight } from "./parts/index.ts";

// Whoever makes AWS ready before the cluster answers waits no longer for it than this.
const maxWaitMs = 10_000;

/**
 * Whether the cluster of the config signs its tokens for the issuer of the config: with another cluster's kubeconfig
 * everything is made, and nothing works. A cluster that cannot be asked is a warning.
 */
export async function clusterIssuer(
  { config, env, clock, consent }: PartContext,
  signal: AbortSignal,
): Promise<Preflight> {
  if (config.cluster === undefined) return { refusals: [], warnings: [] };
  let found: string;
  let server: string;
  try {
    const cluster = await openKubernetes(config.cluster, {
      env,
      clock,
      ...defined({ consent }),
    });
    ({ server } = cluster);
    const ending = new ChildAbort(signal, AbortSignal.timeout(maxWaitMs));
    const documents = cluster.oidcDocuments({ signal: ending.signal }).finally(() => ending.release());
    found = parseDiscovery((await documents).discovery).issuer;
  } catch (error) {
    signal.throwIfAborted();
    return {
      refusals: [],
      warnings: [`whether the cluster has this issuer was not checked: ${errorText(error)}`],
    };
  }
  const names = { expected: "the issuer in the config", actual: `that of the cluster ${server}` };
  const difference = issuerDifference(config.issuer, found, names);
  if (difference === undefined) return { refusals: [], warnings: [] };
  if (config.publisher?.formerIssuers.includes(found) === true) {
    const sentence = `the cluster ${server} signs for ${found}, which publisher.formerIssuers lists: AWS accepts no token for ${config.issuer} before its API servers are changed`;
    return { refusals: [], warnings: [sentence] };
  }
  const detail = { configured: config.issuer, cluster: found, server };
  return { refusals: [new PodtrustError("issuer-mismatch", difference.message, { detail })], warnings: [] };
}
