/** What `init` finds by itself: the cluster by its API, the account by STS, the zone by who serves it. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { type Clock, systemClock } from "../../src/core/base/index.ts";
import { loadConfig } from "../../src/config/index.ts";
import {
  type Sandbox,
  type StandInCluster,
  startSandbox,
  startStandInCloudflare,
  startStandInCluster,
} from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { startStrictRoute53 } from "../support/strict-route53.ts";
import { emptyFile } from "../support/nowhere.ts";
import { until } from "../support/until.ts";

const account = "111122223333";

describe("init finds what is there", () => {
  let sandbox: Sandbox;
  let cluster: StandInCluster;
  let cwd: string;

  before(async () => {
    sandbox = await startSandbox({ account });
    cluster = await startStandInCluster({ issuer: "https://kubernetes.default.svc" });
  });
  after(async () => {
    await cluster.close();
    await sandbox.close();
  });
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), "podtrust-init-"));
    await writeFile(join(cwd, "kubeconfig"), cluster.kubeconfig(), { mode: 0o600 });
  });
  afterEach(() => rm(cwd, { recursive: true }));

  /** The SDK reads the process's own environment. */
  async function init(
    args: readonly string[],
    env: Record<string, string> = {},
    clock: Clock = systemClock,
  ): Promise<CliResult> {
    const all = {
      AWS_ENDPOINT_URL_STS: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
      AWS_REGION: "eu-west-1",
      AWS_CONFIG_FILE: emptyFile,
      AWS_SHARED_CREDENTIALS_FILE: emptyFile,
      AWS_EC2_METADATA_DISABLED: "true",
      ...env,
    };
    const inherited = { ...process.env };
    Object.assign(process.env, all);
    try {
      return await podtrustHere(["init", ...args], { cwd, env: all, clock });
    } finally {
      process.env = inherited;
    }
  }
  const loaded = () => loadConfig(join(cwd, "podtrust.yaml"), { HOME: "/h" });

  test("--yes takes the kubeconfig's context, the account and the region, and says what was found", async () => {
    const kubeconfig = join(cwd, "kubeconfig");
    const { code, err } = await init(["--yes", "--issuer", "oidc.example.com"], { KUBECONFIG: kubeconfig });
    assert.equal(code, 0, err);
    assert.match(err, /cluster: Kubernetes v[\d.]+\S*, issuer https:\/\/kubernetes\.default\.svc\n/u);
    assert.match(err, /AWS: account 111122223333 \(arn:aws:/u);
    const { cluster: source, aws: accounts, warnings } = await loaded();
    assert.deepEqual(source, { kubeconfig, context: "stand-in-admin@stand-in-cluster", configFolder: cwd });
    assert.deepEqual([accounts[0]?.account, accounts[0]?.region], [account, "eu-west-1"]);
    assert.deepEqual(warnings, []);
  });

  test("the API server's flags are printed in two passes: the own issuer is accepted, and then signs, and the one that it has now is kept", async () => {
    const args = ["--cluster", "--issuer", "oidc.example.com", "--account", account];
    const { code, out, err } = await init(args, { KUBECONFIG: join(cwd, "kubeconfig") });
    assert.equal(code, 0, err);
    assert.match(
      out,
      /The cluster signs as https:\/\/kubernetes\.default\.svc now, which publisher\.formerIssuers lists: publish and run podtrust up first\./u,
    );
    assert.deepEqual((await loaded()).publisher?.formerIssuers, ["https://kubernetes.default.svc"]);
    assert.match(
      out,
      /Pass 1 of 2: [^:]+:\n +--service-account-issuer=https:\/\/kubernetes\.default\.svc\n +--service-account-issuer=https:\/\/oidc\.example\.com\n +then: /u,
    );
    assert.match(
      out,
      /Pass 2 of 2, [^:]+: [^:]+:\n +--service-account-issuer=https:\/\/oidc\.example\.com\n +--service-account-issuer=https:\/\/kubernetes\.default\.svc\n +--service-account-jwks-uri=https:\/\/oidc\.example\.com\/openid\/v1\/jwks\n/u,
    );
  });

  test("a cluster whose issuer is public already is offered by its name, and needs no flag", async () => {
    const named = await startStandInCluster({ issuer: "https://oidc.example.com" });
    try {
      await writeFile(join(cwd, "kubeconfig"), named.kubeconfig(), { mode: 0o600 });
      const { code, out, err } = await init(["--yes"], { KUBECONFIG: join(cwd, "kubeconfig") });
      assert.equal(code, 0, err);
      assert.match(out, /The cluster signs as https:\/\/oidc\.example\.com already\./u);
      assert.equal((await loaded()).issuer, "https://oidc.example.com");
    } finally {
      await named.close();
    }
  });

  test("a zone that Cloudflare's token shows is taken, and one of Route 53 with who serves it", async () => {
    const cloudflare = await startStandInCloudflare({ mischief: "off", zones: [{ name: "example.net" }] });
    const route53 = await startStrictRoute53(["example.org", "private:corp.example"]);
    try {
      const machine = ["--machine", "hetzner", "--yes"];
      const none = { AWS_ENDPOINT_URL_ROUTE_53: "http://127.0.0.1:9" };
      const token = { CLOUDFLARE_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit };
      const first = await init(machine, { ...none, ...token });
      assert.equal(first.code, 0, first.err);
      assert.match(first.err, /Cloudflare: example\.net\n/u);
      assert.match(first.err, /Route 53: no zone was read: /u);
      assert.match(
        await readFile(join(cwd, "podtrust.yaml"), "utf8"),
        /zone: example\.net[^]*dns: cloudflare/u,
      );
      const second = await init([...machine, "-f", "b.yaml"], { AWS_ENDPOINT_URL_ROUTE_53: route53.url });
      assert.equal(second.code, 0, second.err);
      assert.match(second.err, /Route 53: example\.org\n/u);
      assert.match(await readFile(join(cwd, "b.yaml"), "utf8"), /zone: example\.org[^]*dns: route53/u);
    } finally {
      await cloudflare.close();
      await route53.close();
    }
  });

  test("what does not answer is reported in a line, within its time, and the flags that are left are named", async () => {
    const callers = new Set<Socket>();
    const deaf: Server = createServer((caller) => void callers.add(caller));
    await once(deaf.listen(0, "127.0.0.1"), "listening");
    const { port } = deaf.address() as { port: number };
    try {
      const text = cluster.kubeconfig().replace(/server: .*/u, `server: https://127.0.0.1:${port}`);
      await writeFile(join(cwd, "kubeconfig"), text, { mode: 0o600 });
      const env = { KUBECONFIG: join(cwd, "kubeconfig"), AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}` };
      const clock = new TestClock(Date.now());
      const asking = init(["--yes"], env, clock);
      await until("cluster and AWS are asked", () => callers.size >= 2, { everyMs: 5 });
      await clock.advance(5000);
      const { code, err } = await asking;
      assert.equal(code, 2);
      assert.match(err, /cluster: not detected: no answer within 5 s/u);
      assert.match(err, /AWS: not known who we are: no answer within 5 s/u);
      assert.match(err, /Answer them with --issuer, --account\./u);
    } finally {
      for (const caller of callers) caller.destroy();
      deaf.close();
    }
  });

  test("without credentials AWS is not known, and --no-detect queries nothing at all", async () => {
    const env = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", KUBECONFIG: join(cwd, "kubeconfig") };
    const looked = await init(["--yes"], env);
    assert.match(looked.err, /AWS: not known who we are: .*credentials/iu);
    const silent = await init(["--yes", "--no-detect"], env);
    assert.doesNotMatch(silent.err, /AWS:|cluster:/u);
    assert.match(silent.err, /--issuer, --account/u);
  });
});
