import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { freePort } from "../support/free-port.ts";
import { testAuthority } from "../support/certificates.ts";
import {
  certificateFiles,
  type PublisherProcess,
  type ServedStack,
  sourceCommand,
  startPublisherProcess,
} from "../support/publisher-process.ts";
import type { Target } from "./attacks/attack.ts";
import { until } from "../support/until.ts";

const host = "oidc.example.test";
const jwksPath = "/openid/v1/jwks";

/** A publisher to be attacked, and what is known of it. */
export interface Victim extends AsyncDisposable {
  readonly publisher: PublisherProcess;
  readonly target: Target;
  /** Its JWK Set. */
  readonly jwks: string;
}

/** What further stacks of a victim are made from. */
export interface Beside {
  readonly folder: string;
  /** Of its HTTPS listener. */
  readonly port: number;
  /** Of the cluster that tells the truth. */
  readonly kubeconfig: string;
  /** Section `https` with a certificate for the names that were asked for. */
  readonly https: ServedStack["https"];
}

export interface VictimOptions {
  /** Runs podtrust; from its sources by default. */
  readonly command?: readonly string[];
  /** Further names for its certificate. */
  readonly names?: readonly string[];
  /** Stacks beside the one that is published. */
  readonly beside?: (beside: Beside) => Promise<readonly ServedStack[]>;
  /** A name of those for which a TLS-ALPN-01 challenge stands. */
  readonly challenged?: string;
}

/** About forty keys, as of a cluster that rotates often: 10 KB. */
async function largeCluster(): Promise<StandInCluster> {
  const cluster = await startStandInCluster({ issuer: `https://${host}` });
  for (let key = 0; key < 40; key += 1) await cluster.keys.create("ES256");
  return cluster;
}

async function firstDocument(target: Target): Promise<string> {
  const url = `https://${host}${jwksPath}`;
  const connectTo = [parseConnectTo(`:443:127.0.0.1:${target.port}`)];
  return until(
    "the publisher has documents",
    async () => {
      const { status, body } = await request(url, { ca: target.root, connectTo });
      return status === 200 && body.toString();
    },
    { everyMs: 100 },
  );
}

/** Starts `podtrust serve` as a process of its own, and waits until it has a JWK Set. Leaves nothing behind where it fails. */
export async function startVictim(options: VictimOptions = {}): Promise<Victim> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-hostile-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = await largeCluster();
  starting.defer(() => cluster.close());
  const kubeconfig = cluster.kubeconfig("publisher");
  const authority = await testAuthority();
  const port = await freePort();
  const certificate = await authority.issue([host, ...(options.names ?? [])]);
  const https = await certificateFiles(folder, certificate, port);
  const beside = (await options.beside?.({ folder, port, kubeconfig, https })) ?? [];
  const published = { stack: "published", issuer: `https://${host}`, kubeconfig, https };
  const publisher = await startPublisherProcess({
    command: options.command ?? sourceCommand,
    folder,
    stacks: [published, ...beside],
    until: "the publisher listens",
  });
  starting.defer(() => publisher.close());
  const { challenged } = options;
  const target = { port: publisher.port, host, jwksPath, root: authority.root, challenged };
  const jwks = await firstDocument(target);
  const started = starting.move();
  return { publisher, target, jwks, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
