import { credentialVariable } from "../../core/credentials/index.ts";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { PodtrustError, setting } from "../../core/base/index.ts";
import type { ConnectionPool } from "../../core/http/index.ts";
import type { ClusterSource } from "../../config/index.ts";
import { kubeconfigCredentials } from "./credentials.ts";
import type { ClusterEnvironment } from "./environment.ts";
import {
  clusterCa,
  credentialFault,
  credentialFile,
  type Credentials,
  projectedTokenCredentials,
  tokenFileCredentials,
} from "./identity.ts";
import { type KubeconfigContext, readKubeconfig, text } from "./kubeconfig.ts";
import { anyFile, givenFiles, requireOwnServer } from "./given-file.ts";
import { isPersonsOwn } from "./provenance.ts";

/** The address of the API, how it is verified, and the credentials for it. */
export interface Endpoint {
  /** https, without a trailing slash; may have a path, as behind Rancher. */
  readonly server: string;
  /** The name on the server's certificate where it is not the URL's. */
  readonly tlsServerName: string | undefined;
  /** PEM, read anew; undefined means the public roots. */
  readonly ca: () => Promise<string | undefined>;
  readonly credentials: Credentials;
  /** Kept between calls; absent: each has one of its own. */
  readonly connections?: ConnectionPool;
}

/** Where the kubelet puts a pod's ServiceAccount. */
export const podServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

function checkedServer(server: string, where: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const refuse = (what: string, next: string): PodtrustError =>
    new PodtrustError("kubeconfig-unsupported", `${where}: server ${what}`, { next });
  // Not repeated: what comes before an @ may be a password.
  if (url !== undefined && url.username + url.password !== "") {
    throw refuse(
      `at ${url.host} has a user name or password in its URL`,
      "Take out what stands before the @.",
    );
  }
  if (url?.protocol !== "https:" || url.search !== "" || url.hash !== "") {
    throw refuse(
      `${server} is not an https URL without query and fragment`,
      "Give the API server's own https address: keys read over plain HTTP could be anyone's.",
    );
  }
  return url.href.replace(/(?<!\/)\/+$/u, "");
}

function refuseCluster(context: KubeconfigContext): void {
  const { name, values } = context.cluster;
  const refuse = (what: string, next: string): PodtrustError =>
    new PodtrustError("kubeconfig-unsupported", `kubeconfig ${context.file}: cluster ${name} ${what}`, {
      next,
      detail: { file: context.file, cluster: name },
    });
  if (values["insecure-skip-tls-verify"] === true) {
    const next = "Give its CA as certificate-authority-data: unverified, the keys read could be anyone's.";
    throw refuse("skips the verification of TLS (insecure-skip-tls-verify)", next);
  }
  if (text(values, "proxy-url") !== undefined) {
    throw refuse("is reached through a proxy (proxy-url)", "Give an address that is reached directly.");
  }
}

async function ofKubeconfig(
  source: Extract<ClusterSource, { readonly kubeconfig: string }>,
  environment: ClusterEnvironment,
): Promise<Endpoint> {
  const context = await readKubeconfig(source.kubeconfig, source.context);
  refuseCluster(context);
  const named = text(context.cluster.values, "server") ?? "";
  const server = checkedServer(named, `kubeconfig ${context.file}, cluster ${context.cluster.name}`);
  // kubectl runs what its own file names without a question.
  const isOwn = await isPersonsOwn(context.user.source, source, environment);
  const isOneFile = context.cluster.source === context.user.source;
  if (isOwn && !isOneFile && !(await isPersonsOwn(context.cluster.source, source, environment)))
    await requireOwnServer(context, server, environment);
  const { configFolder } = source;
  const folders = [context.user.folder, ...(configFolder === undefined ? [] : [configFolder])];
  const isGiven = isOwn || environment.isOwnConfig === true;
  const judge = isGiven ? anyFile : givenFiles({ credential: "kubeconfig", server, folders }, environment);
  return {
    server,
    tlsServerName: text(context.cluster.values, "tls-server-name"),
    ca: () => clusterCa(context.cluster),
    credentials: kubeconfigCredentials(context, environment, { isOwn, judge }),
  };
}

function inCluster(directory: string, environment: ClusterEnvironment): Endpoint {
  const host = credentialVariable(environment.env, "pod-token")?.value ?? "";
  const port = setting(environment.env, "KUBERNETES_SERVICE_PORT") ?? "";
  if (host === "" || port === "") {
    throw credentialFault(
      "in-cluster ServiceAccount",
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod",
    );
  }
  const ca = join(directory, "ca.crt");
  return {
    server: checkedServer(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, "in-cluster"),
    tlsServerName: undefined,
    ca: () => credentialFile("CA file", ca),
    credentials: projectedTokenCredentials(join(directory, "token")),
  };
}

/**
 * Finds the endpoint of a source's API. Throws PodtrustError `kubeconfig-*`, `file-unreadable`, `cluster-credentials`.
 */
export async function endpointOf(
  source: ClusterSource,
  environment: ClusterEnvironment,
  podDirectory: string,
): Promise<Endpoint> {
  if ("kubeconfig" in source) return ofKubeconfig(source, environment);
  if ("inCluster" in source) return inCluster(podDirectory, environment);
  const { server: named, caFile, tokenFile, configFolder } = source;
  const server = checkedServer(named, "cluster");
  const judge =
    configFolder === undefined || environment.isOwnConfig === true
      ? anyFile
      : givenFiles({ credential: "cluster-token", server, folders: [configFolder] }, environment);
  return {
    server,
    tlsServerName: undefined,
    ca: () => credentialFile("CA file", caFile),
    credentials: tokenFileCredentials(tokenFile, judge),
  };
}
