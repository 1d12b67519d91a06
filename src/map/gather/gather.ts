import { asPodtrustError, defined, type Link, textOf } from "../../core/base/index.ts";
import { shownRecord } from "../../control-plane/record/index.ts";
import { judgeIssuer } from "../../issuer/index.ts";
import {
  type StatusFacts,
  gatherFacts,
  type GatherOptions,
  tryLook,
  type WorkloadFacts,
} from "../../stack/index.ts";
import { awsParts, openCluster } from "../../stack/parts/index.ts";
import type { KeyName, MapCluster, MapFacts, MapProof, PublisherKey, Unseen } from "../facts.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { lookAtAccount } from "./account.ts";
import { clusterObjects, type ClusterObjects } from "./cluster-objects.ts";
import { lookAtParties } from "./parties.ts";

export interface MapOptions extends Omit<GatherOptions, "publisher"> {
  /** The keys as a publisher of this stack on this machine reports them. */
  readonly publisherKeys?: () => Promise<readonly PublisherKey[] | undefined>;
}

/** The links of `status` that a map needs; IAM is read as a whole, and the cluster's objects are listed. */
const links: ReadonlySet<Link> = new Set<Link>(["cluster", "discovery", "jwks", "token", "sts"]);

const keyNames = (keys: readonly KeyName[]): readonly KeyName[] => keys.map(({ kid, alg }) => ({ kid, alg }));

function clusterOf({ cluster }: StatusFacts): MapCluster | undefined {
  if (cluster === undefined) return undefined;
  const { server, version, documents } = cluster;
  if (documents.kind !== "seen") return { server, version };
  const { discovery, jwks } = documents.value;
  return { server, version, issuer: discovery.issuer, keys: keyNames(jwks.keys) };
}

function proofOf({ account, role, serviceAccount, token, exchange }: WorkloadFacts): readonly MapProof[] {
  if (exchange?.kind !== "seen") return [];
  const kid = token?.kind === "seen" ? textOf(token.value.header["kid"]) : undefined;
  const { value } = exchange;
  return [
    {
      account: account.account,
      role: role.name,
      serviceAccount,
      ...defined({ kid }),
      accepted: value.kind === "accepted",
      said: value.kind === "accepted" ? "" : `${value.code}: ${value.message}`,
    },
  ];
}

function clusterUnseen({ cluster }: StatusFacts): readonly Unseen[] {
  if (cluster === undefined)
    return [{ what: "the cluster", why: "the config names none", next: "Add a cluster to the config." }];
  const { server, username, documents } = cluster;
  return [username, documents].flatMap((look) => {
    if (look.kind !== "failed") return [];
    const { message, next } = look.error;
    return [{ what: `the cluster ${server}`, why: message, next }];
  });
}

function proofUnseen({ token, exchange, serviceAccount }: WorkloadFacts): readonly Unseen[] {
  const look = token?.kind === "failed" ? token : exchange;
  if (look?.kind !== "failed") return [];
  const { message, next } = look.error;
  return [{ what: `whether STS lets in ${serviceAccount}`, why: message, next }];
}

/** Why parts of it could not be read, each once. */
function unseenOf(facts: StatusFacts, published: boolean): readonly Unseen[] {
  const keys: Unseen = {
    what: `the keys that ${facts.config.issuer} publishes`,
    why: "its documents cannot be read from here",
    next: "See where the chain breaks: podtrust status.",
  };
  return [...clusterUnseen(facts), ...(published ? [] : [keys]), ...facts.workloads.flatMap(proofUnseen)];
}

/** The cluster, if it accepts our credentials. */
async function clusterApi(options: MapOptions, { cluster }: StatusFacts): Promise<KubernetesApi | undefined> {
  return cluster?.username.kind === "seen" ? openCluster(options) : undefined;
}

async function objectsOf(
  { signal }: MapOptions,
  api: KubernetesApi | undefined,
): Promise<ClusterObjects & Pick<MapFacts, "rotation">> {
  if (api === undefined) return { bindings: [], unseen: [] };
  const [objects, rotation] = await Promise.all([
    clusterObjects(api, signal),
    tryLook(signal, () => shownRecord(api, signal)),
  ]);
  if (rotation.kind === "seen") return { ...objects, rotation: rotation.value };
  if (rotation.kind === "skipped") return objects;
  const { message, next } = rotation.error;
  const what = "whether a rotation of keys is under way";
  return { ...objects, unseen: [...objects.unseen, { what, why: message, next }] };
}

async function keysOf({ publisherKeys, signal }: MapOptions, unseen: Unseen[]) {
  try {
    return await publisherKeys?.();
  } catch (thrown) {
    signal.throwIfAborted();
    const { message, next } = asPodtrustError(thrown);
    unseen.push({ what: "the publisher's own status", why: message, next });
    return undefined;
  }
}

/**
 * Reads everything that a map is made of and judges nothing. Changes nothing; creates a token of one ServiceAccount of each
 * role of the config and asks STS with it, as `status` does. Throws only the signal's reason.
 */
export async function gatherMap(options: MapOptions): Promise<MapFacts> {
  const { config, signal } = options;
  const parts = awsParts(options);
  const unseen: Unseen[] = [];
  try {
    // Relying parties beside AWS are read by their sights, not as `status` does.
    const gathered = gatherFacts({ ...options, awsOnly: true }, links);
    const opened = gathered.then((found) => clusterApi(options, found));
    const [facts, looks, objects, publisher, others] = await Promise.all([
      gathered,
      Promise.all(parts.map((part) => lookAtAccount(part, signal))),
      opened.then((api) => objectsOf(options, api)),
      keysOf(options, unseen),
      opened.then((api) => lookAtParties(options, api, signal)),
    ]);
    const jwks = facts.issuer === undefined ? undefined : judgeIssuer(facts.issuer.reading).jwks;
    const { unseen: hidden, ...seenObjects } = objects;
    return {
      stack: config.stack,
      issuer: config.issuer,
      formerIssuers: config.publisher?.formerIssuers ?? [],
      now: facts.now,
      ...defined({
        cluster: clusterOf(facts),
        published: jwks === undefined ? undefined : keyNames(jwks.keys),
        publisher,
      }),
      accounts: looks.flatMap(({ account }) => account ?? []),
      parties: others.parties,
      ...seenObjects,
      proofs: facts.workloads.flatMap(proofOf),
      unseen: [
        ...unseenOf(facts, jwks !== undefined),
        ...looks.flatMap((look) => look.unseen),
        ...others.unseen,
        ...hidden,
        ...unseen,
      ],
    };
  } finally {
    for (const part of parts) part.close();
  }
}
