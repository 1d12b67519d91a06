import { ChildAbort, defined, errorText, PodtrustError } from "../core/base/index.ts";
import { openKubernetes } from "../providers/kubernetes/index.ts";
import { parseJwkSet } from "../rules/keys/index.ts";
import { boundsOf, issuerDifference, parseDiscovery, partyProblems } from "../rules/oidc/index.ts";
import { type Config, declaredParties } from "../config/index.ts";
import type { PartContext, Preflight } from "./parts/index.ts";

// The longest wait for a cluster's answer when AWS is prepared before the cluster is.
const maxWaitMs = 10_000;

/** Findings about a cluster's documents. `refusals`: about its issuer, which a user may accept. */
export interface ClusterVerdict extends Preflight {
  /** Relying parties that verify no token of the cluster: a user cannot accept that for them. */
  readonly unverified: readonly PodtrustError[];
}

const nothing = { refusals: [], unverified: [], warnings: [] } as const;

/** What the config's relying parties say of the cluster's keys: those that accept none, and those that accept some. */
function judgeKeys(config: Config, jwks: Uint8Array): Pick<ClusterVerdict, "unverified" | "warnings"> {
  const { keys } = parseJwkSet(jwks);
  const parties = declaredParties(config).map((name) => {
    const { title, algorithms } = boundsOf(name);
    const problems = partyProblems(name, { issuer: config.issuer, keys });
    const isTaken = keys.some(({ alg }) => algorithms.some((one) => one === alg));
    return { name, title, algorithms, problems, isTaken };
  });
  return {
    unverified: parties
      .filter(({ isTaken }) => !isTaken)
      .map(
        ({ name, title, algorithms, problems }) =>
          new PodtrustError("keys-not-verified", `${title} would refuse every token: ${problems.join(" ")}`, {
            next: `Have the API servers sign with a key for ${algorithms.join(" or ")} (podtrust rotate prepare --algorithm RS256, and promote it), or take ${name} out of the config.`,
            detail: { relyingParty: name, algorithms },
          }),
      ),
    warnings: parties.flatMap(({ isTaken, problems }) => (isTaken ? problems : [])),
  };
}

/**
 * Checks that the config's cluster signs tokens for the config's issuer (with another cluster's kubeconfig everything
 * is created and nothing works), and that every relying party of the config can verify its keys. An unreachable cluster
 * is a warning.
 */
export async function clusterIssuer(
  { config, env, clock, consent }: PartContext,
  signal: AbortSignal,
): Promise<ClusterVerdict> {
  if (config.cluster === undefined) return nothing;
  let found: string;
  let keys: Pick<ClusterVerdict, "unverified" | "warnings">;
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
    const { discovery, jwks } = await documents;
    found = parseDiscovery(discovery).issuer;
    keys = judgeKeys(config, jwks);
  } catch (error) {
    signal.throwIfAborted();
    return {
      ...nothing,
      warnings: [`whether the cluster has this issuer was not checked: ${errorText(error)}`],
    };
  }
  const names = { expected: "the issuer in the config", actual: `that of the cluster ${server}` };
  const difference = issuerDifference(config.issuer, found, names);
  if (difference === undefined) return { refusals: [], ...keys };
  if (config.publisher?.formerIssuers.includes(found) === true) {
    const sentence = `the cluster ${server} signs for ${found}, which publisher.formerIssuers lists: AWS accepts no token for ${config.issuer} before its API servers are changed`;
    return { refusals: [], ...keys, warnings: [...keys.warnings, sentence] };
  }
  const detail = { configured: config.issuer, cluster: found, server };
  return { refusals: [new PodtrustError("issuer-mismatch", difference.message, { detail })], ...keys };
}
