import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../src/sandbox/index.ts";
import { type Cluster, type ClusterOptions, startCluster, writePodtrustImages } from "../harness/index.ts";
import { publishIssuer, type PublishedIssuer } from "./published-issuer.ts";

/** A whole Kubernetes whose node has podtrust's image, and a sandbox of AWS that reaches its issuer. */
export interface ClusterWithAws {
  /** Of the suite's own; goes with the rest. */
  readonly folder: string;
  readonly cluster: Cluster;
  readonly published: PublishedIssuer;
  readonly sandbox: Sandbox;
  /** Where pods with addresses of their own reach the sandbox. */
  readonly podEndpoint: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts it all, under an issuer of this URL; nothing is left where a part does not start. */
export async function startClusterWithAws(
  issuer: string,
  options: Omit<ClusterOptions, "issuer" | "jwksUri"> = {},
): Promise<ClusterWithAws> {
  await using starting = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "podtrust-cluster-aws-"));
  starting.defer(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks`, ...options });
  starting.defer(() => cluster.stop());
  await cluster.node.importImage(writePodtrustImages(folder).file);
  const published = await publishIssuer(cluster);
  starting.defer(() => published.close());
  const { connectTo, ca } = published;
  const sandbox = await startSandbox({ connectTo, ca, propagationMs: 0 });
  starting.defer(() => sandbox.close());
  const started = starting.move();
  return {
    folder,
    cluster,
    published,
    sandbox,
    podEndpoint: async () => `http://${await cluster.node.reach(Number(new URL(sandbox.url).port))}`,
    stop: () => started.disposeAsync(),
  };
}
