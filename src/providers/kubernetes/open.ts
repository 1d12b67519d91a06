import { type Clock, defined, systemClock } from "../../core/base/index.ts";
import type { ClusterSource } from "../../config/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import { ConnectionPool } from "../../core/http/index.ts";
import type { KubernetesApi } from "./api.ts";
import { kubernetesClient } from "./client.ts";
import { type Endpoint, endpointOf, podServiceAccount } from "./endpoint.ts";
import { type ClientCertificate, certificateCredentials } from "./identity.ts";

export interface KubernetesOptions {
  /** Milliseconds for each exchange; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Where KUBERNETES_SERVICE_HOST and exec plugins' variables come from; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The working folder, whose git checkout is not the person's own; the process's by default. */
  readonly cwd?: string;
  /** For the expiry of an exec plugin's token. */
  readonly clock?: Clock;
  /** Asked before the program of a kubeconfig that is not the person's own runs; without it none of them does. */
  readonly consent?: Consent;
  /** The config is given by whoever started this process, and so are the files that it names: a publisher's, for example. */
  readonly isOwnConfig?: boolean;
  /** Keeps connections between calls, but not those that are followed: for callers that make thousands of calls. */
  readonly keepConnections?: boolean;
  /**
   * A port of loopback that leads to one API server of the cluster, past its load balancer, and a name that the server's
   * certificate is for. Everything else is the source's: CA and credentials.
   */
  readonly tunnel?: { readonly port: number; readonly serverName: string };
  /** Used in place of the source's own credentials. */
  readonly certificate?: ClientCertificate;
  /** The folder of the pod's token and ca.crt; the kubelet's by default. */
  readonly serviceAccountDirectory?: string;
}

/** The CA that a source's API server is verified with, PEM; undefined means the public roots. Throws as `openKubernetes`. */
export async function clusterAuthority(
  source: ClusterSource,
  options: KubernetesOptions = {},
): Promise<string | undefined> {
  const { env = process.env, clock = systemClock } = options;
  const { ca } = await endpointOf(source, { env, clock }, podServiceAccount);
  return ca();
}

/**
 * Opens a cluster's API: reads its address and credentials, and makes no request yet.
 *
 * Throws PodtrustError `file-unreadable`, `kubeconfig-invalid`, `kubeconfig-context`, `kubeconfig-unsupported`
 * or, outside a pod, `cluster-credentials`.
 */
export async function openKubernetes(
  source: ClusterSource,
  options: KubernetesOptions = {},
): Promise<KubernetesApi> {
  const {
    env = process.env,
    clock = systemClock,
    cwd = process.cwd(),
    consent,
    isOwnConfig = false,
  } = options;
  const environment = { env, clock, cwd, isOwnConfig, ...defined({ consent }) };
  const directory = options.serviceAccountDirectory ?? podServiceAccount;
  const found = await endpointOf(source, environment, directory);
  const { tunnel, certificate } = options;
  const asked: Endpoint =
    certificate === undefined ? found : { ...found, credentials: certificateCredentials(certificate) };
  const endpoint =
    tunnel === undefined
      ? asked
      : { ...asked, server: `https://127.0.0.1:${tunnel.port}`, tlsServerName: tunnel.serverName };
  const kept = options.keepConnections === true ? { connections: new ConnectionPool() } : {};
  return kubernetesClient({ ...endpoint, ...kept }, options.timeoutMs ?? 10_000);
}
