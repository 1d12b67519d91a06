import { isIP } from "node:net";
import { errorText, PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, ObjectQuery } from "../../providers/kubernetes/index.ts";
import type { ServerIdentity } from "./server.ts";

/** An API server as the cluster knows it, by its lease or as an endpoint of the Service kubernetes. */
interface KnownServer {
  /** What a person calls it by: a host name, an address, or the name of all objects of its kind. */
  readonly name: string;
  /** All objects of the kind that names it. */
  readonly kind: string;
  /** For sentences, behind the name. */
  readonly by: string;
  is(facts: ServerIdentity): boolean;
}

/** Objects of which each names an API server, and what they are called together. */
interface NamingObjects extends ObjectQuery {
  readonly called: string;
  readonly named: (object: KubernetesObject, now: number) => readonly KnownServer[];
}

/** The servers of the list, and what a person has said of others. */
export interface ListedServers {
  readonly listed: readonly ServerIdentity[];
  /** Milliseconds, as of `Clock.elapsed()`. */
  readonly elapsed: number;
  /** Names that are no API servers, whatever the cluster says. */
  readonly notServers?: readonly string[];
  /** Addresses of machines that were taken off the list as gone, for sentences. */
  readonly without?: readonly string[];
}

const identity = "apiserver.kubernetes.io/identity=kube-apiserver";
const hostLabel = "kubernetes.io/hostname";
// Each renews its lease every ten seconds; one that is gone keeps it for an hour.
const aliveMs = 60_000;
// A cluster has a few of each. Behind more of them one may hide.
const maxObjects = 1000;
const maxNamed = 10;

/** As labels and objects are named; what is named otherwise was made by no API server. */
const nameShape = /^[A-Za-z0-9](?:[-A-Za-z0-9._]{0,251}[A-Za-z0-9])?$/u;

/** Unless its server stopped renewing it: judged by the listed machines' own clocks, so that no lease outdates another. */
function isAlive(lease: KubernetesObject, now: number): boolean {
  const renewed = Date.parse(textOf(recordOf(lease["spec"])["renewTime"]) ?? "");
  return !(now - renewed > aliveMs);
}

/** Source: https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity (since Kubernetes 1.26) */
const leases: NamingObjects = {
  kind: "Lease",
  namespace: "kube-system",
  labels: identity,
  called: "leases/kube-system",
  named(lease, now) {
    const { name: own, labels } = lease.metadata;
    const host = labels?.[hostLabel] ?? "";
    const name = host === "" ? own : host;
    if (!isAlive(lease, now) || !nameShape.test(name) || !nameShape.test(own)) return [];
    const by = `lease kube-system/${own}`;
    return [{ name, kind: leases.called, by, is: ({ hostname }) => hostname === host }];
  },
};

const slices: NamingObjects = {
  kind: "EndpointSlice",
  namespace: "default",
  labels: "kubernetes.io/service-name=kubernetes",
  called: "endpointslices/default",
  named(slice) {
    const all = recordsOf(slice["endpoints"]).flatMap(({ addresses }) =>
      Array.isArray(addresses) ? addresses.map(String) : [],
    );
    const by = "an endpoint of the Service kubernetes";
    return [...new Set(all)]
      .filter((address) => isIP(address) !== 0)
      .map((name) => ({ name, kind: slices.called, by, is: ({ addresses }) => addresses.includes(name) }));
  },
};

/** Every API server that objects of a kind name; one that is nobody's where they are too many or too long to be read. */
async function knownBy(
  objects: NamingObjects,
  { api, now, signal }: { readonly api: KubernetesApi; readonly now: number; readonly signal: AbortSignal },
): Promise<readonly KnownServer[]> {
  const { called, named, ...query } = objects;
  const unread = (by: string): KnownServer => ({ name: called, kind: called, by, is: () => false });
  try {
    const found = await api.list({ ...query, limit: maxObjects }, { signal });
    const known = found.flatMap((object) => named(object, now));
    return found.length < maxObjects ? known : [...known, unread(`there are ${maxObjects} or more`)];
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "cluster-answer-invalid") throw error;
    return [unread(`they cannot be read: ${errorText(error)}`)];
  }
}

function textsOf(missing: readonly KnownServer[]): string {
  const shown = missing.slice(0, maxNamed).map(({ name, by }) => `${name} (${by})`);
  const more = missing.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

/**
 * Throws `server-not-listed` with the names of those API servers that the list lacks; `server-answers` where some were taken off
 * it as gone: one of these may be among them. Leases and endpoints name no machine: this is all that they are read for.
 */
export async function checkListed(
  api: KubernetesApi,
  { listed, elapsed, notServers = [], without = [] }: ListedServers,
  signal: AbortSignal,
): Promise<void> {
  // By the clock that is behind: no lease ends early.
  const now = Math.min(...listed.map(({ epoch }) => epoch)) + elapsed;
  const reading = { api, now, signal };
  const known = [...(await knownBy(leases, reading)), ...(await knownBy(slices, reading))];
  const missing = known
    .filter((server) => !listed.some((facts) => server.is(facts)))
    .filter(({ name, kind }) => !notServers.includes(name) && !notServers.includes(kind));
  const [first] = missing;
  if (first === undefined) return;
  const isGone = without.length > 0;
  const kinds = [...new Set(missing.map(({ kind }) => kind))].join(" or ");
  throw new PodtrustError(
    isGone ? "server-answers" : "server-not-listed",
    isGone
      ? `--without ${without.join(" ")}: the cluster has live API servers that no other of cluster.servers is: ${textsOf(missing)}`
      : `the cluster has API servers that cluster.servers does not name: ${textsOf(missing)}`,
    {
      next: `${isGone ? "If one lives, leave out --without." : "Add each to cluster.servers."} Whoever may write a Lease or an EndpointSlice can name one that is none. If you know that it is none, run the same command with --not-a-server ${first.name}, and so for each; ${kinds} stands for all of them.`,
      detail: { missing: missing.slice(0, maxNamed).map(({ name }) => name) },
    },
  );
}
