/**
 * What a person does to a cluster that runs: `podtrust adopt`, `rotate`, and back. The commands are the same whatever made the
 * cluster; a suite says how it is reached.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, type Environment } from "../../src/core/base/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type Publisher, startPublisher } from "../../src/publisher/index.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { type CliResult, mainFile } from "../support/cli.ts";
import { FakeCertificates, MemoryLog } from "../support/publisher.ts";
import { until } from "../support/until.ts";

const host = "adopted.example.com";
/** The issuer that a cluster gets. Only `--connect-to` of these commands leads to it. */
export const newIssuer: string = `https://${host}`;

/** A cluster that runs. */
export interface LiveCluster {
  /** Of the test's: config, certificates and state stand there. */
  readonly folder: string;
  readonly env: Environment;
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Entries of `cluster.servers`, as they stand within `[…]`. */
  readonly servers: string;
  /** The issuer that it has. */
  readonly issuer: string;
}

/** Runs podtrust in a folder until it ends, however long that takes. */
export function podtrustIn(folder: string, env: Environment, args: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, [mainFile, ...args], { env, cwd: folder });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

/** A program of podtrust's that runs until it is ended: `tunnel`. */
export interface RunningProgram {
  /** All that it has said, on both streams. */
  readonly said: () => string;
  readonly end: () => Promise<void>;
}

/** Starts podtrust and waits until it says something that a pattern knows. */
export async function podtrustUntil(
  folder: string,
  env: Environment,
  args: readonly string[],
  ready: RegExp,
): Promise<RunningProgram> {
  const child: ChildProcess = spawn(process.execPath, [mainFile, ...args], { env, cwd: folder });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (more: string) => (text += more));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (): Promise<void> => {
    if (hasEnded()) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  };
  try {
    await until(`podtrust ${args[0]} says ${ready.source}`, () => {
      if (hasEnded()) throw new Error(`podtrust ${args.join(" ")} ended:\n${text}`);
      return ready.test(text);
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { said: () => text, end };
}

/** The config with which a cluster gets the new issuer. The suite publishes it, with caches that last a second. */
export function adoptedConfig({ kubeconfig, servers, issuer }: Omit<LiveCluster, "folder" | "env">): string {
  return `stack: adopted
issuer: ${newIssuer}
cluster: {kubeconfig: ${kubeconfig}, servers: [${servers}]}
publisher:
  source: {kubeconfig: ${kubeconfig}}
  formerIssuers: [${issuer}]
  pollInterval: 1s
  cacheControl: public, max-age=1
  relyingPartyCache: 1s
  https: {certificateFile: tls.crt, keyFile: tls.key}
`;
}

/** The publisher of the new issuer, with the administrator's credentials: `serve` would refuse those. */
async function published(cluster: LiveCluster, api: KubernetesApi, ca: TestAuthority): Promise<Publisher> {
  const publisher = await startPublisher({
    issuers: [
      {
        stack: "adopted",
        issuer: newIssuer,
        cluster: api,
        certificates: new FakeCertificates(await ca.issue([host])),
        pollInterval: 1000,
        cacheControl: "public, max-age=1",
        formerIssuers: [cluster.issuer],
      },
    ],
    listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: false },
    stateDir: join(cluster.folder, "publisher"),
    clock: systemClock,
    logger: new MemoryLog(),
  });
  await publisher.ready();
  return publisher;
}

/** Adopts, goes back as far as the tokens of its pods let it, adopts again and rotates. Throws where a command shows something else. */
export async function adoptAndRotate(cluster: LiveCluster): Promise<void> {
  const { folder, env, issuer } = cluster;
  const authority = await testAuthority();
  await mkdir(folder, { recursive: true });
  for (const [name, content] of [
    ["podtrust.yaml", adoptedConfig(cluster)],
    ["ca.crt", authority.root],
  ] as const)
    await writeFile(join(folder, name), content, { mode: 0o600 });
  const api = await openKubernetes({ kubeconfig: cluster.kubeconfig }, { clock: systemClock });
  const publisher = await published(cluster, api, authority);
  const port = publisher.addresses.https[0]?.port ?? 0;
  const route = ["--connect-to", `${host}:443:127.0.0.1:${port}`, "--ca", "ca.crt"];
  const podtrust: Podtrust = (...words) => podtrustIn(folder, env, [...words, ...route]);
  try {
    const before = await mint(api);
    const plan = await podtrust("adopt", "plan");
    assert.equal(plan.code, 0, plan.err);
    assert.match(plan.out, /restart 2 times, one at a time.*\n.*It is the only one/u);
    await adopted(api, podtrust, ["accept", "sign"]);
    const tokens = [before, await mint(api)];
    await allAccepted(api, tokens);
    const undone = await podtrust("adopt", "undo", "--yes");
    // Pods that live hold tokens of the new issuer: then the files wait for them.
    const waits = undone.code !== 0 && /adoption-waits/u.test(undone.err);
    assert.ok(undone.code === 0 || waits, undone.err);
    assert.equal(await issuerOf(api), issuer);
    await allAccepted(api, waits ? tokens : [before]);
    await adopted(api, podtrust, waits ? ["sign"] : ["accept", "sign"]);
    await rotated(podtrust);
    const after = await mint(api);
    assert.notEqual(kidOf(after), kidOf(before));
    await allAccepted(api, [...tokens, after]);
  } finally {
    await publisher.close(0);
  }
}

type Podtrust = (...words: readonly string[]) => Promise<CliResult>;

/** Every restart is told with its time, and the cluster has the new issuer then. */
async function adopted(api: KubernetesApi, podtrust: Podtrust, steps: readonly string[]): Promise<void> {
  const { code, out, err } = await podtrust("adopt", "run", "--yes", "--json");
  // With --json an error is on standard output.
  assert.equal(code, 0, out + err);
  const { restarted } = JSON.parse(out) as { restarted: readonly { step: string; awayMs: number }[] };
  assert.deepEqual(
    restarted.map(({ step }) => step),
    steps,
  );
  for (const { awayMs } of restarted) assert.ok(awayMs > 0, JSON.stringify(restarted));
  assert.equal(await issuerOf(api), newIssuer);
  const status = await podtrust("adopt", "status");
  assert.equal(status.code, 0, status.err);
}

async function rotated(podtrust: Podtrust): Promise<void> {
  // The machine is emptied afterwards: there is nothing to copy first.
  const prepared = await podtrust("rotate", "prepare", "--algorithm", "RS256", "--yes", "--copied");
  assert.equal(prepared.code, 0, prepared.out + prepared.err);
  await until("every cache has the next key", async () => {
    const { code, err } = await podtrust("rotate", "promote", "--yes", "--copied");
    assert.ok(code === 0 || /rotation-refused/u.test(err), err);
    return code === 0;
  });
}

const account = { namespace: "default", name: "default" } as const;

async function mint(api: KubernetesApi): Promise<string> {
  const wanted = { audiences: "cluster", expirationSeconds: 3600 } as const;
  return (await api.requestToken(account.namespace, account.name, wanted)).token;
}

async function allAccepted(api: KubernetesApi, tokens: readonly string[]): Promise<void> {
  for (const [index, token] of tokens.entries()) {
    const { authenticated } = await api.reviewToken(token);
    assert.ok(authenticated, `token ${index} is refused`);
  }
}

async function issuerOf(api: KubernetesApi): Promise<string> {
  const { discovery } = await api.oidcDocuments();
  return (JSON.parse(discovery.toString("utf8")) as { issuer: string }).issuer;
}

const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;
