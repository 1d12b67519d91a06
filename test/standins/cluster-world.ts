/** Stand-in clusters, and our own client of each. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import {
  type StandInCluster,
  type StandInClusterOptions,
  startStandInCluster,
} from "../../src/sandbox/cluster/index.ts";
import { TestClock } from "../support/clock.ts";
import { maxWait } from "../support/until.ts";

export const issuer = "https://oidc.example.com";
export const audience = "sts.amazonaws.com";

/** A token of ServiceAccount aws-test/demo for AWS. */
export const mint = async (api: KubernetesApi): Promise<string> =>
  (await api.requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds: 3600 })).token;

/** Whether an error is of this reason, for assert.rejects. */
export const reason = (expected: string) => (error: unknown) => {
  assert.equal((error as { detail?: { reason?: unknown } }).detail?.reason, expected, String(error));
  return true;
};

/** Clusters of one issuer, by one clock, and a folder for what clients read. */
export class ClusterWorld {
  readonly clock = new TestClock();
  readonly folder: string;
  readonly #clusters: StandInCluster[] = [];
  #files = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A world with a cluster that has the ServiceAccount aws-test/demo, and its administrator's client. */
  static async withDemo(): Promise<{ world: ClusterWorld; cluster: StandInCluster; admin: KubernetesApi }> {
    const world = new ClusterWorld(await mkdtemp(join(tmpdir(), "podtrust-cluster-")));
    const cluster = await world.cluster();
    cluster.addServiceAccount("aws-test", "demo");
    return { world, cluster, admin: await world.connect(cluster) };
  }

  /** Starts a cluster, which ends with the world. */
  async cluster(options: Partial<StandInClusterOptions> = {}): Promise<StandInCluster> {
    const started = await startStandInCluster({ issuer, clock: this.clock, ...options });
    this.#clusters.push(started);
    return started;
  }

  /** Writes a new file; gives its path. */
  async file(text: string): Promise<string> {
    const path = join(this.folder, `file-${(this.#files += 1)}`);
    await writeFile(path, text);
    return path;
  }

  /** `timeoutMs`: less is for a server that never answers. */
  async connect(
    to: StandInCluster,
    user?: "admin" | "publisher",
    timeoutMs: number = maxWait,
  ): Promise<KubernetesApi> {
    const kubeconfig = await this.file(to.kubeconfig(user));
    return openKubernetes({ kubeconfig }, { clock: this.clock, timeoutMs });
  }

  /** The API by a token in a file, as a publisher outside the cluster reads it. */
  async byToken(to: StandInCluster, token: string): Promise<{ api: KubernetesApi; tokenFile: string }> {
    const [tokenFile, caFile] = [await this.file(token), await this.file(to.ca)];
    return { api: await openKubernetes({ server: to.url, tokenFile, caFile }), tokenFile };
  }

  async jwks(of: StandInCluster): Promise<JSONWebKeySet> {
    const { jwks: document } = await (await this.connect(of)).oidcDocuments();
    return JSON.parse(document.toString()) as JSONWebKeySet;
  }

  /** Whether a token verifies against a JWK Set by another library than ours. */
  async verifies(token: string, set: JSONWebKeySet): Promise<boolean> {
    const options = { issuer, audience, currentDate: new Date(this.clock.now()) };
    return jwtVerify(token, createLocalJWKSet(set), options).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    for (const one of this.#clusters) await one.close();
    await rm(this.folder, { recursive: true });
  }
}
