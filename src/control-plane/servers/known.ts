import { PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { ServerIdentity } from "./server.ts";

/** An API server as the cluster knows it, by its lease or as an endpoint of the Service kubernetes. */
interface KnownServer {
  readonly by: string;
  is(facts: ServerIdentity): boolean;
}

const identity = "apiserver.kubernetes.io/identity=kube-apiserver";
const hostLabel = "kubernetes.io/hostname";
// Each renews its lease every ten seconds; one that is gone keeps it for an hour. Against one another, no clock is needed.
const aliveMs = 60_000;

const renewed = (lease: { readonly [field: string]: unknown }): number =>
  Date.parse(textOf(recordOf(lease["spec"])["renewTime"]) ?? "");

/**
 * Every API server that the cluster knows and that lives: leases of kube-system (since Kubernetes 1.26 each server has one) and
 * the endpoints of the Service kubernetes.
 * Source: https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity
 */
async function knownServers(api: KubernetesApi, signal: AbortSignal): Promise<readonly KnownServer[]> {
  const query = { kind: "Lease", namespace: "kube-system", labels: identity } as const;
  const leases = await api.list(query, { signal });
  const newest = Math.max(...leases.map(renewed).filter(Number.isFinite));
  const alive = leases.filter((lease) => !(newest - renewed(lease) > aliveMs));
  const slices = await api.list(
    { kind: "EndpointSlice", namespace: "default", labels: "kubernetes.io/service-name=kubernetes" },
    { signal },
  );
  const addresses = slices.flatMap((slice) =>
    recordsOf(slice["endpoints"]).flatMap(({ addresses: all }) =>
      Array.isArray(all) ? all.map(String) : [],
    ),
  );
  return [
    ...alive.map(({ metadata }) => {
      const host = metadata.labels?.[hostLabel] ?? "";
      return {
        by: `${host === "" ? metadata.name : host} (lease kube-system/${metadata.name})`,
        is: ({ hostname }: ServerIdentity) => hostname === host,
      };
    }),
    ...addresses.map((address) => ({
      by: `${address} (an endpoint of the Service kubernetes)`,
      is: (facts: ServerIdentity) => facts.addresses.includes(address),
    })),
  ];
}

/**
 * Throws `server-not-listed` with the names of those API servers that the list lacks; `server-answers` where some were taken off
 * it as gone: one of these may be among them. `without`: their addresses, for sentences.
 */
export async function checkListed(
  api: KubernetesApi,
  listed: readonly ServerIdentity[],
  signal: AbortSignal,
  without: readonly string[] = [],
): Promise<void> {
  const known = await knownServers(api, signal);
  const missing = known.filter((server) => !listed.some((facts) => server.is(facts))).map(({ by }) => by);
  if (missing.length === 0) return;
  if (without.length > 0) {
    throw new PodtrustError(
      "server-answers",
      `--without ${without.join(" ")}: the cluster has live API servers that no other of cluster.servers is: ${missing.join(", ")}`,
      { detail: { missing } },
    );
  }
  throw new PodtrustError(
    "server-not-listed",
    `the cluster has API servers that cluster.servers does not name: ${missing.join(", ")}`,
    { detail: { missing } },
  );
}
