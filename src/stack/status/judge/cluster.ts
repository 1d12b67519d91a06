import { defined } from "../../../core/base/index.ts";
import { issuerDifference } from "../../../rules/oidc/index.ts";
import type { ServerSight } from "../../parts/index.ts";
import type { ClusterFacts, JudgedFacts } from "../facts.ts";
import { type Finding, finding } from "../finding.ts";
import { clusterFinding, valueOf } from "./errors.ts";

function issuerFindings({ config }: JudgedFacts, cluster: ClusterFacts): readonly Finding[] {
  const { server: from, documents, username } = cluster;
  const read = valueOf(documents, from, clusterFinding);
  if ("finding" in read) {
    // Problems that affect the whole API are reported once.
    const same =
      username.kind === "failed" &&
      documents.kind === "failed" &&
      username.error.code === documents.error.code;
    return same || documents.kind === "skipped" ? [] : [read.finding];
  }
  const { discovery, jwks } = read.value;
  const names = { expected: "the issuer in the config", actual: "the cluster's" };
  const difference = issuerDifference(config.issuer, discovery.issuer, names);
  if (difference !== undefined && config.publisher?.formerIssuers.includes(discovery.issuer) === true) {
    const seen = `the cluster's tokens name ${discovery.issuer}, which publisher.formerIssuers lists, and not ${config.issuer} yet`;
    return [finding("ClusterFormerIssuer", { seen, from })];
  }
  if (difference !== undefined) {
    const next =
      "Start the API server with --service-account-issuer as in the config, or correct the config.";
    return [finding("IssuerMismatch", { seen: difference.message, from, next, code: "workload-issuer" })];
  }
  const count = jwks.keys.length;
  const seen = `issuer ${discovery.issuer}; ${count} signing key${count === 1 ? "" : "s"} in the cluster's JWKS`;
  return [finding("ClusterIssuerMatches", { seen, from, fresh: "read now" })];
}

const ofServers = {
  otherwise: "ServerStartsOtherwise",
  none: "ServerDoesNotRun",
  "not-looked-at": "ServersNotLookedAt",
} as const;

/** An issuer from two places says why a server starts otherwise than it runs, or why it does not run. */
function serverFinding({ name: from, kind, why = "", next, twice }: ServerSight): readonly Finding[] {
  const seenOf = (seen: string): string => `${from}: ${seen}`;
  const given =
    twice === undefined
      ? []
      : [finding("IssuerGivenTwice", { seen: seenOf(twice.seen), next: twice.next, from })];
  const isSaid = kind === "as-started" || (kind === "otherwise" && twice !== undefined);
  return isSaid
    ? given
    : [...given, finding(ofServers[kind], { seen: seenOf(why), from, ...defined({ next }) })];
}

/** What runs of the API servers whose machines the config names. */
function serverFindings({ servers }: JudgedFacts): readonly Finding[] {
  const found = servers.flatMap(serverFinding);
  if (found.length > 0 || servers.length === 0) return found;
  const from = servers.map(({ name }) => name).join(", ");
  return [finding("ServersAsStarted", { seen: "read from its machine", from, fresh: "read now" })];
}

/** The API server: reachable, accepts our credential, and has the configured issuer. */
export function judgeCluster(facts: JudgedFacts): readonly Finding[] {
  const { cluster, config } = facts;
  if (cluster === undefined) {
    const next = "Add a cluster to the config: {kubeconfig: ~/.kube/config}.";
    const seen = "the config names no cluster";
    return [finding("ClusterNotConfigured", { seen, from: config.file, next })];
  }
  const { server: from, version } = cluster;
  const subject = valueOf(cluster.username, from, clusterFinding);
  const first =
    "finding" in subject
      ? subject.finding
      : finding("ClusterReachable", {
          seen: `${version}, which knows us as ${subject.value}`,
          from,
          fresh: "asked now",
        });
  const { exposure } = cluster;
  const exposed = exposure === undefined ? [] : [finding("ClusterTokenExposed", { ...exposure, from })];
  return [first, ...exposed, ...issuerFindings(facts, cluster), ...serverFindings(facts)];
}
