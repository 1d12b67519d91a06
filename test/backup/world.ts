import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { startAuthority, startStandInCluster } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustChild } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import {
  type PublisherProcess,
  type ServedStack,
  sourceCommand,
  startPublisherProcess,
  writeConfig,
} from "../support/publisher-process.ts";
import { until } from "../support/until.ts";

const host = "oidc.example.test";
export const issuer = `https://${host}`;

/** A machine: a folder with a config and what the publisher keeps there. */
export interface Machine {
  readonly folder: string;
  readonly config: string;
  readonly stateDir: string;
  serve(...args: readonly string[]): Promise<PublisherProcess>;
  lose(): Promise<void>;
}

/** A cluster and a CA that outlive machines, of which each has the same address. */
export async function backupWorld(t: TestContext) {
  const ending = new AsyncDisposableStack();
  t.after(() => ending.disposeAsync());
  const home = await mkdtemp(join(tmpdir(), "podtrust-backup-"));
  ending.defer(() => rm(home, { recursive: true, force: true }));
  const [https, http] = [await freePort(), await freePort()];
  const rules = [`${host}:80:127.0.0.1:${http}`, `${host}:443:127.0.0.1:${https}`];
  const connectTo = rules.map(parseConnectTo);
  const ca = await startAuthority({ connectTo });
  ending.defer(() => ca.close());
  const cluster = await startStandInCluster({ issuer });
  ending.defer(() => cluster.close());
  const caFile = join(home, "acme-ca.pem");
  await writeFile(caFile, ca.tlsCa);
  await writeFile(join(home, "root.pem"), ca.root);
  const identity = join(home, "identity.txt");

  type More = Partial<Pick<ServedStack, "backup" | "formerIssuers" | "kubeconfig">>;

  async function machine(name: string, more: More = {}): Promise<Machine> {
    const folder = join(home, name);
    const stack: ServedStack = {
      stack: "prod",
      issuer,
      kubeconfig: cluster.kubeconfig("publisher"),
      ...more,
      https: {
        listen: [`127.0.0.1:${https}`],
        http: [`127.0.0.1:${http}`],
        acme: { directory: ca.directoryUrl, caFile, email: "ops@example.com" },
      },
    };
    return {
      folder,
      config: await writeConfig(folder, stack),
      stateDir: join(folder, "state"),
      async serve(...args) {
        const started = await startPublisherProcess({
          command: sourceCommand,
          folder,
          stacks: [stack],
          args,
        });
        ending.defer(() => started.close());
        return started;
      },
      lose: () => rm(folder, { recursive: true }),
    };
  }

  async function podtrust(...args: readonly string[]): Promise<CliResult> {
    return podtrustChild(args, { cwd: home });
  }

  /** The same, where it has to succeed. */
  async function done(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await podtrust(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${err}${out}`);
    return out;
  }

  async function recipient(): Promise<string> {
    const out = await done("backup", "keygen", "--output", identity, "--json");
    return (JSON.parse(out) as { recipient: string }).recipient;
  }

  async function jwks(): Promise<string> {
    const answer = await request(`${issuer}/openid/v1/jwks`, { ca: ca.root, connectTo });
    assert.equal(answer.status, 200);
    return answer.body.toString("utf8");
  }

  /** Waits until what is published has these key IDs. */
  async function publishes(kids: readonly string[]): Promise<string> {
    const wanted = [...kids].sort().join();
    let text = "";
    await until(`the keys ${wanted}`, async () => {
      text = await jwks();
      const { keys } = JSON.parse(text) as { keys: readonly { kid: string }[] };
      return (
        keys
          .map(({ kid }) => kid)
          .sort()
          .join() === wanted
      );
    });
    return text;
  }

  const route = rules.flatMap((rule) => ["--connect-to", rule]).concat("--ca", join(home, "root.pem"));
  return { home, ca, cluster, identity, route, machine, podtrust, done, recipient, jwks, publishes };
}
