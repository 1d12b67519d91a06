import { found, type ReasonEntry } from "./entry.ts";

const clusterLinks = ["cluster", "serviceaccount", "injection", "token"] as const;

/** Reasons about the cluster as a whole. */
export const clusterReasons = {
  ClusterUnreachable: found(
    "broken",
    clusterLinks,
    "The cluster's API server does not answer from here.",
    "Check the address in the kubeconfig, the network path and that the API server is running.",
  ),
  ClusterNotReady: found(
    "broken",
    ["cluster"],
    "The API server answers that it is starting or overloaded.",
    "Wait a moment and look again; then look at the API server's log.",
  ),
  ClusterCredentialsMissing: found(
    "unseen",
    ["cluster"],
    "There are no usable credentials for the cluster here (kubeconfig, token file, exec plugin), so that it was not asked.",
    "Correct the kubeconfig that the config names, or what it takes its credentials from.",
  ),
  ClusterAccessDenied: found(
    "unseen",
    ["cluster", "jwks", "serviceaccount", "injection", "token", "sts"],
    "The cluster does not let the credentials in use see this; nothing is known to be wrong with it.",
    "Use credentials that may, or give these the right that the message names.",
  ),
  ClusterNotConfigured: found(
    "unseen",
    ["cluster"],
    "The config names no cluster, so that none was asked.",
    "Add a cluster to the config: {kubeconfig: ~/.kube/config}.",
  ),
  ClusterTokenExposed: found(
    "warning",
    ["cluster"],
    "Others on this machine may read the token file that the config or its kubeconfig names.",
    "Take the right from them: chmod 600 FILE.",
  ),
  ClusterFormerIssuer: found(
    "broken",
    ["cluster"],
    "The cluster's tokens still name an issuer that the config lists in publisher.formerIssuers. The configured one is published, and AWS accepts no token for it yet.",
    "Change the API servers' issuer in two passes, as docs/reference/api-server.md has it: first as the second of their issuers, then as the first.",
  ),
  ServerStartsOtherwise: found(
    "warning",
    ["cluster"],
    "An API server runs with other flags about tokens than it will be started with: its next start changes which tokens it makes and takes.",
    "Restart it if that is meant; else correct its manifest or config. podtrust adopt plan shows both.",
  ),
  ServerDoesNotRun: found(
    "warning",
    ["cluster"],
    "No API server runs on a machine that the config names for one.",
    "Look at the machine: crictl ps -a, or journalctl -u k3s.",
  ),
  ServersNotLookedAt: found(
    "unseen",
    ["cluster"],
    "What an API server runs with was not looked at, though the config names its machine.",
    "Read in the message what stands in the way, and look again.",
  ),
  ClusterDocumentsInvalid: found(
    "broken",
    ["cluster"],
    "The cluster's own discovery document or JWKS cannot be read.",
    "Look at what the API server serves at /.well-known/openid-configuration and /openid/v1/jwks.",
  ),
} as const satisfies Record<string, ReasonEntry>;
