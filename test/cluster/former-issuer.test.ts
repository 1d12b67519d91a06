/**
 * The issuer of a real cluster is changed under a publisher, two passes there and one back. Meanwhile its documents are asked for
 * all the time, as relying parties do.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { systemClock } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type IssuerOptions, type Publisher, startPublisher } from "../../src/publisher/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { TokenRenewal } from "../../src/publisher/source/token-renewal.ts";
import { testAuthority } from "../support/certificates.ts";
import { podtrustHere } from "../support/cli.ts";
import { FakeCertificates, MemoryLog } from "../support/publisher.ts";
import { audience, awsError, webIdentityTrust } from "../support/sandbox.ts";
import { maxWait } from "../support/until.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const host = "oidc.example.com";
const ours = `https://${host}`;
const old = "https://kubernetes.default.svc.cluster.local";
const third = "https://third.example.com";
const paths = ["/.well-known/openid-configuration", "/openid/v1/jwks"] as const;

const flags = (...issuers: readonly string[]): readonly string[] =>
  issuers.map((issuer) => `--service-account-issuer=${issuer}`);
const passes = {
  before: flags(old),
  first: flags(old, ours),
  second: [...flags(ours, old), `--service-account-jwks-uri=${ours}/openid/v1/jwks`],
  third: flags(third),
};

describe("a publisher whose cluster gets its issuer while it runs", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  let folder: string;
  const authority = testAuthority();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-former-"));
    plane = await startControlPlane({ issuer: old });
    await plane.kubectl(["create", "namespace", "aws-test"]);
    await plane.kubectl(["create", "serviceaccount", "demo", "-n", "aws-test"]);
  });
  after(async () => {
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(t: TestContext, name: string, options: Partial<IssuerOptions>): Promise<Publisher> {
    const cluster = await openKubernetes({ kubeconfig: plane.adminKubeconfig }, { clock: systemClock });
    const certificates = new FakeCertificates(await (await authority).issue([host]));
    const publisher = await startPublisher({
      issuers: [{ stack: "prod", issuer: ours, cluster, certificates, pollInterval: 3_600_000, ...options }],
      listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: false },
      stateDir: join(folder, name),
      clock: systemClock,
      logger: new MemoryLog(),
    });
    t.after(() => publisher.close(0));
    return publisher;
  }

  const routeTo = (publisher: Publisher) => [
    { host, port: 443, address: "127.0.0.1", toPort: publisher.addresses.https[0]?.port ?? 0 },
  ];

  async function read(publisher: Publisher, path: string): Promise<{ status: number; text: string }> {
    const { root: ca } = await authority;
    const { status, body } = await request(`${ours}${path}`, {
      ca,
      connectTo: routeTo(publisher),
      timeoutMs: maxWait,
      maxBytes: 100_000,
    });
    return { status, text: body.toString() };
  }

  async function kidsOf(text: string): Promise<readonly string[]> {
    return (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  }

  /** Starts the API server with these issuers, and has the publisher look at it. */
  async function change(publisher: Publisher, issuerFlags: readonly string[]): Promise<void> {
    await plane.servers[0]?.restart(plane.keys(), issuerFlags);
    await publisher.refresh();
  }

  /** Asks for both documents until it is ended, at the latest with its test; gives how often, and what was not as it should be. */
  function watch(
    t: TestContext,
    publisher: Publisher,
  ): () => Promise<{ asked: number; wrong: readonly string[] }> {
    const ending = new AbortController();
    t.after(() => ending.abort());
    const seen = { asked: 0, wrong: [] as string[] };
    const loop = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        for (const path of paths) {
          const { status, text } = await read(publisher, path);
          seen.asked += 1;
          const isOurs = path === paths[1] || (JSON.parse(text) as { issuer: string }).issuer === ours;
          if (status !== 200 || !isOurs) seen.wrong.push(`${path}: ${status} ${text}`);
        }
        await systemClock.sleep(20);
      }
    };
    const ended = loop();
    return async () => {
      ending.abort();
      await ended;
      return seen;
    };
  }

  const token = (): Promise<string> => plane.requestToken("aws-test", "demo", audience, 600);
  const issOf = (text: string): unknown => parseJws(text).claims["iss"];

  async function account(publisher: Publisher): Promise<{
    sandbox: Sandbox;
    assume: (token: string) => Promise<unknown>;
  }> {
    const sandbox = await startSandbox({
      ca: (await authority).root,
      connectTo: routeTo(publisher),
      propagationMs: 0,
    });
    await sandbox.seed({
      providers: [{ url: ours, audiences: [audience] }],
      roles: [
        {
          name: "demo",
          trustPolicy: webIdentityTrust(`arn:aws:iam::${sandbox.account}:oidc-provider/${host}`),
        },
      ],
    });
    const sts = new STSClient({
      endpoint: sandbox.url,
      region: "eu-central-1",
      credentials: sandbox.admin,
      maxAttempts: 1,
    });
    const assume = (WebIdentityToken: string): Promise<unknown> =>
      sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: `arn:aws:iam::${sandbox.account}:role/demo`,
          RoleSessionName: "job",
          WebIdentityToken,
        }),
      );
    return { sandbox, assume };
  }

  const former = (publisher: Publisher): string | undefined =>
    publisher.status().issuers[0]?.formerIssuer?.issuer;

  test("without a list of former issuers nothing is published before the switch", async (t) => {
    const publisher = await start(t, "strict", {});
    await publisher.refresh();
    for (const path of paths) assert.equal((await read(publisher, path)).status, 503);
    assert.equal(publisher.status().issuers[0]?.failing?.reason, "issuer-mismatch");
  });

  test("documents are served before the first pass, through both, and on the way back, and AWS accepts the first token", async (t) => {
    const publisher = await start(t, "former", { formerIssuers: [old] });
    await publisher.ready();
    const published = (await read(publisher, paths[1])).text;
    assert.deepEqual(await kidsOf(published), await kidsOf((await plane.ask(paths[1])).text));
    const aws = await account(publisher);
    const first = await token();
    assert.deepEqual([issOf(first), former(publisher)], [old, old]);
    await assert.rejects(aws.assume(first), awsError("InvalidIdentityToken", /could not be validated/u));
    const ended = watch(t, publisher);
    try {
      await change(publisher, passes.first);
      assert.deepEqual([issOf(await token()), former(publisher)], [old, old]);
      await change(publisher, passes.second);
      const [own, { formerIssuer, warnings }] = [await token(), publisher.status().issuers[0] ?? {}];
      assert.deepEqual([issOf(own), formerIssuer, warnings], [ours, undefined, []]);
      await aws.assume(own);
      // Back again: tokens that name our issuer live on, and so do its documents.
      await change(publisher, passes.first);
      assert.deepEqual([issOf(await token()), former(publisher)], [old, old]);
      await aws.assume(own);
    } finally {
      await aws.sandbox.close();
      const { asked, wrong } = await ended();
      assert.deepEqual(wrong, []);
      assert.ok(asked >= 100, `asked ${asked} times`);
    }
    assert.equal((await read(publisher, paths[1])).text, published);
  });

  test("a cluster of a third issuer is refused by one that starts and by one that runs, which goes on with what it had", async (t) => {
    await plane.servers[0]?.restart(plane.keys(), passes.before);
    const running = await start(t, "running", { formerIssuers: [old] });
    await running.ready();
    const published = (await read(running, paths[1])).text;
    await change(running, passes.third);
    const fresh = await start(t, "fresh", { formerIssuers: [old] });
    await fresh.refresh();
    for (const path of paths) assert.equal((await read(fresh, path)).status, 503);
    assert.equal((await read(running, paths[1])).text, published);
    for (const publisher of [running, fresh]) {
      const { failing } = publisher.status().issuers[0] ?? {};
      assert.equal(failing?.reason, "issuer-mismatch");
      assert.match(failing?.message ?? "", /third\.example\.com/u);
    }
  });

  test("the publisher's own token outlives the former issuer: once renewed it is for every audience that the API server has", async (t) => {
    await plane.servers[0]?.restart(plane.keys(), passes.before);
    const { code, out } = await podtrustHere(["manifests", "publisher-rbac", "--renew-token"]);
    assert.equal(code, 0);
    await plane.kubectl(["apply", "-f", "-"], out);
    const [tokenFile, caFile] = [join(folder, "token"), join(folder, "ca.crt")];
    const made = ["create", "token", "podtrust-publisher", "--namespace", "podtrust", "--duration", "1h"];
    await writeFile(tokenFile, await plane.kubectl(made), { mode: 0o600 });
    await writeFile(caFile, plane.ca);
    await plane.servers[0]?.restart(plane.keys(), passes.second);
    // Half of the token's life is over by this clock.
    const clock = { ...systemClock, now: () => Date.now() + 1_800_000 };
    const cluster = await openKubernetes({ server: plane.server, tokenFile, caFile }, { clock });
    const log = new MemoryLog();
    const renewal = new TokenRenewal({ cluster, clock, logger: log });
    await cluster.oidcDocuments();
    assert.deepEqual(cluster.sentCredential()?.audiences, [old]);
    await renewal.renew(cluster.sentCredential(), t.signal);
    assert.deepEqual(log.of("warn"), []);
    await plane.servers[0]?.restart(plane.keys(), flags(ours));
    const renewed = await openKubernetes({ server: plane.server, tokenFile, caFile }, { clock });
    await renewed.oidcDocuments();
    assert.ok(renewed.sentCredential()?.audiences?.includes(ours));
  });

  test("a cluster of the former issuer with none of the published keys is refused as another one", async (t) => {
    await plane.servers[0]?.restart(plane.keys(), passes.before);
    const publisher = await start(t, "keys", { formerIssuers: [old] });
    await publisher.ready();
    const published = (await read(publisher, paths[1])).text;
    const other = plane.createKey("ES256");
    await plane.useKeys({ signer: other, verifiers: [other] });
    await publisher.refresh();
    assert.equal((await read(publisher, paths[1])).text, published);
    assert.match(publisher.status().issuers[0]?.failing?.message ?? "", /it is another cluster than before/u);
  });
});
