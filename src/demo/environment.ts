import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { http01Solver } from "../providers/acme/index.ts";
import { type Clock, defined, type Logger, PodtrustError } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import { type KubernetesApi, openKubernetes } from "../providers/kubernetes/index.ts";
import { type Issuer, parseDiscovery, parseIssuer } from "../rules/oidc/index.ts";
import { type Publisher, startPublisher } from "../publisher/index.ts";
import {
  type SandboxOptions,
  type StandInCluster,
  startSandbox,
  startAuthority,
  startStandInCluster,
} from "../sandbox/index.ts";
import { type CertificateManager, fileStore, startCertificateManager } from "../providers/tls/index.ts";
import { Ending } from "./ending.ts";
import { makeFolder, writePrivateFile } from "./files.ts";
import type { Stage } from "./stage.ts";

/** Everything of the demo that runs, on loopback. */
export interface DemoEnvironment extends Stage {
  readonly certificates: CertificateManager;
  readonly publisher: Publisher;
  /** PEM file of the root of the issuer's certificate. */
  readonly rootFile: string;
  /** The sandbox's administrator, as an AWS shared-credentials file. */
  readonly adminCredentials: string;
  /** The stand-in's kubeconfig for kubectl, or the file that was given, with the context that was asked for. */
  readonly kubeconfig: string;
  readonly context: string | undefined;
}

export interface EnvironmentOptions {
  /** Of the stand-in cluster; by default one that cannot be guessed. */
  readonly issuer?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** What the sandbox has beside AWS. */
  readonly beside?: Pick<SandboxOptions, "azure" | "gcp">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Milliseconds; real delays of minutes take seconds here, and the demo says so. */
export const demoTimes = { poll: 250, cache: 1000, propagation: 1000, ready: 30_000 } as const;

interface Cluster {
  readonly issuer: Issuer;
  readonly admin: KubernetesApi;
  /** The publisher's client: at the stand-in it may read the two paths and nothing else. */
  readonly reader: KubernetesApi;
  readonly standIn: StandInCluster | undefined;
  readonly kubeconfig: string;
}

async function standInCluster(folder: string, options: EnvironmentOptions, ending: Ending): Promise<Cluster> {
  // The guide's form: a name under a zone that cannot be guessed; .example is reserved, so it exists nowhere.
  const issuer = parseIssuer(options.issuer ?? `https://${randomUUID()}.podtrust.example`);
  const standIn = await startStandInCluster({ issuer: issuer.url, clock: options.clock });
  ending.add(() => standIn.close());
  const kubeconfig = await writePrivateFile(folder, "admin.kubeconfig", standIn.kubeconfig("admin"));
  const publisherFile = await writePrivateFile(
    folder,
    "publisher.kubeconfig",
    standIn.kubeconfig("publisher"),
  );
  const [admin, reader] = await Promise.all([
    openKubernetes({ kubeconfig }),
    openKubernetes({ kubeconfig: publisherFile }),
  ]);
  return { issuer, admin, reader, standIn, kubeconfig };
}

async function realCluster(kubeconfig: string, options: EnvironmentOptions): Promise<Cluster> {
  const source = { kubeconfig, ...defined({ context: options.context }) };
  const admin = await openKubernetes(source);
  const documents = await admin.oidcDocuments({ signal: options.signal });
  const issuer = parseIssuer(parseDiscovery(documents.discovery).issuer);
  return { issuer, admin, reader: admin, standIn: undefined, kubeconfig };
}

/** Ends the wait for a publisher that does not become ready, with what it says is missing. */
async function untilReady(
  publisher: Publisher,
  certificates: CertificateManager,
  options: EnvironmentOptions,
): Promise<void> {
  const late = AbortSignal.timeout(demoTimes.ready);
  try {
    await publisher.ready(AbortSignal.any([late, options.signal]));
  } catch (cause) {
    options.signal.throwIfAborted();
    const missing = [...publisher.status().unready, certificates.status().lastError?.message ?? ""];
    throw new PodtrustError(
      "demo-not-ready",
      `the publisher is not ready: ${missing.filter(Boolean).join("; ")}`,
      { cause },
    );
  }
}

async function build(
  folder: string,
  options: EnvironmentOptions,
  ending: Ending,
): Promise<Omit<DemoEnvironment, "atEnd" | "close">> {
  const { clock, logger, kubeconfig } = options;
  const cluster =
    kubeconfig === undefined
      ? await standInCluster(folder, options, ending)
      : await realCluster(kubeconfig, options);
  const { issuer } = cluster;
  // Filled once the ports are known: the CA and the sandbox read it at each connection.
  const connectTo: ConnectTo[] = [];
  const ca = await startAuthority({ clock, connectTo });
  ending.add(() => ca.close());
  const solver = http01Solver();
  const certificates = await startCertificateManager({
    names: [issuer.host],
    issuers: [{ directory: ca.directoryUrl, ca: ca.tlsCa, staging: false }],
    store: fileStore({ directory: join(folder, "certificates"), clock }),
    solvers: [solver],
    termsOfServiceAgreed: true,
    clock,
    logger,
  });
  ending.add(() => certificates.close());
  const publisher = await startPublisher({
    issuers: [
      {
        stack: "demo",
        issuer: issuer.url,
        cluster: cluster.reader,
        certificates,
        pollInterval: demoTimes.poll,
        cacheControl: `public, max-age=${demoTimes.cache / 1000}`,
      },
    ],
    listen: { https: [{ host: "127.0.0.1", port: 0 }], http: [{ host: "127.0.0.1", port: 0 }], admin: false },
    stateDir: join(folder, "publisher"),
    challenges: { http01: (token) => solver.http01(token) },
    clock,
    logger,
  });
  ending.add(() => publisher.close(1000));
  for (const [from, bound] of [
    [80, publisher.addresses.http[0]],
    [443, publisher.addresses.https[0]],
  ] as const) {
    if (bound !== undefined)
      connectTo.push({
        host: issuer.host.toLowerCase(),
        port: from,
        address: bound.address,
        toPort: bound.port,
      });
  }
  const adminCredentials = join(folder, "admin.ini");
  const sandbox = await startSandbox({
    ...options.beside,
    connectTo,
    ca: ca.root,
    adminCredentials,
    propagationMs: demoTimes.propagation,
    clock,
    logger,
  });
  ending.add(() => sandbox.close());
  const rootFile = await writePrivateFile(folder, "root.pem", ca.root);
  await untilReady(publisher, certificates, options);
  return {
    issuer,
    cluster: cluster.admin,
    standIn: cluster.standIn,
    ca,
    certificates,
    publisher,
    sandbox,
    connectTo,
    clock,
    folder,
    rootFile,
    adminCredentials,
    kubeconfig: cluster.kubeconfig,
    context: options.context,
  };
}

/** Starts everything or nothing: after a failure, what was started is ended again. */
export async function startEnvironment(options: EnvironmentOptions): Promise<DemoEnvironment> {
  const folder = await makeFolder(tmpdir(), "podtrust-demo-");
  const ending = new Ending(options.logger);
  ending.add(() => rm(folder, { recursive: true, force: true }));
  try {
    const built = await build(folder, options, ending);
    return { ...built, atEnd: (end) => ending.add(end), close: () => ending.all() };
  } catch (error) {
    await ending.all();
    throw error;
  }
}
