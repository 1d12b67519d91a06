import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { defined, type PodtrustError, systemClock } from "../../src/core/base/index.ts";
import {
  connectSandbox,
  type IssuerCache,
  type Sandbox,
  type SandboxConnection,
  type SandboxIssuer,
  startSandbox,
  startSandboxProcess,
} from "../../src/sandbox/index.ts";
import { podtrustHere } from "../support/cli.ts";
import {
  awsError,
  ecKey,
  issuerRoot,
  policy,
  testSandbox,
  type TestSandbox,
  webIdentityTrust,
} from "../support/sandbox.ts";
import { until } from "../support/until.ts";

const noKey = awsError(
  "InvalidIdentityToken",
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
);
const hour = 3_600_000;
const discoveryPath = "/.well-known/openid-configuration";
const jwksPath = "/openid/v1/jwks";
const maxAge = (seconds: number) => ({ "cache-control": `public, max-age=${seconds}` });

/** A sandbox's own stand-in cluster, whose documents may be kept for an hour, and its role. */
async function withCluster(
  t: TestContext,
  issuerCache?: IssuerCache,
): Promise<{ sandbox: Sandbox; issuer: SandboxIssuer; assume: (token: string) => Promise<unknown> }> {
  const sandbox = await startSandbox(defined({ issuerCache }));
  t.after(() => sandbox.close());
  const issuer = await sandbox.issuer();
  const host = new URL(issuer.url).host;
  await sandbox.seed({
    providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }],
    roles: [
      {
        name: "cart",
        trustPolicy: policy({
          Effect: "Allow",
          Principal: { Federated: `arn:aws:iam::${sandbox.account}:oidc-provider/${host}` },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: { StringEquals: { [`${host}:sub`]: "system:serviceaccount:shop:cart" } },
        }),
      },
    ],
  });
  return { sandbox, issuer, assume: assumer(t, sandbox, `arn:aws:iam::${sandbox.account}:role/cart`) };
}

/** AssumeRoleWithWebIdentity by AWS's own client. */
function assumer(t: TestContext, { url, admin }: Pick<Sandbox, "url" | "admin">, role: string) {
  const sts = new STSClient({ endpoint: url, region: "eu-central-1", credentials: admin, maxAttempts: 1 });
  t.after(() => sts.destroy());
  return (token: string): Promise<unknown> =>
    sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: role,
        RoleSessionName: "job",
        WebIdentityToken: token,
      }),
    );
}

async function inOwnProcess(t: TestContext, { issuer }: TestSandbox): Promise<SandboxConnection> {
  const options = { issuerCache: "keep", ca: issuerRoot, connectTo: issuer.connectTo } as const;
  const sandbox = await startSandboxProcess(options);
  t.after(() => sandbox.close());
  return sandbox;
}

async function byCommand(t: TestContext, { issuer }: TestSandbox): Promise<SandboxConnection> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-test-"));
  const [ca, token] = [join(folder, "ca.pem"), join(folder, "control-token")];
  await writeFile(ca, issuerRoot);
  const rules = issuer.connectTo.flatMap(({ host, port, address, toPort }) => [
    "--connect-to",
    `${host}:${port}:${address}:${toPort}`,
  ]);
  const ending = new AbortController();
  let out = "";
  const done = podtrustHere(
    [
      "sandbox",
      "--json",
      "--port",
      "0",
      "--issuer-cache",
      "keep",
      "--ca",
      ca,
      "--control-token",
      token,
      ...rules,
    ],
    { signal: ending.signal, clock: systemClock, stdout: { write: (text) => (out += text) } },
  );
  t.after(async () => {
    ending.abort();
    await done;
    await rm(folder, { recursive: true });
  });
  await until("the sandbox is ready", () => out.includes("\n}\n"));
  const { url } = JSON.parse(out) as { url: string };
  return connectSandbox({ url, token: (await readFile(token, "utf8")).trim() });
}

const cart = { namespace: "shop", name: "cart" };

describe("a relying party that keeps an issuer's documents", () => {
  test("refuses a key that was rotated without waiting until twice the set's max-age is over", async (t) => {
    const { sandbox, issuer, assume } = await withCluster(t, "keep");
    await assume(issuer.token(cart));
    const { kid } = await issuer.cluster.keys.create();
    issuer.cluster.keys.promote(kid);
    await assert.rejects(assume(issuer.token(cart)), noKey);
    sandbox.clock.advance(2 * hour - 60_000);
    await assert.rejects(assume(issuer.token(cart)), noKey);
    const refused = sandbox.decisions({ decision: "deny" });
    assert.deepEqual(
      refused.map(({ rule }) => rule),
      ["key-selection", "key-selection"],
    );
    sandbox.clock.advance(60_000);
    await assume(issuer.token(cart));
  });

  test("refuses no token of a key that was published for twice the set's max-age before it signed", async (t) => {
    const { sandbox, issuer, assume } = await withCluster(t, "keep");
    await assume(issuer.token(cart));
    const { kid } = await issuer.cluster.keys.create();
    sandbox.clock.advance(2 * hour);
    await assume(issuer.token(cart));
    issuer.cluster.keys.promote(kid);
    await assume(issuer.token(cart));
  });

  test("is not what the sandbox is by default: a key that was rotated without waiting is accepted at once", async (t) => {
    for (const issuerCache of [undefined, "refetch"] as const) {
      const { issuer, assume } = await withCluster(t, issuerCache);
      await assume(issuer.token(cart));
      const { kid } = await issuer.cluster.keys.create();
      issuer.cluster.keys.promote(kid);
      await assume(issuer.token(cart));
    }
  });

  /** Asks once with a key, which may be unknown; gives the requests that the issuer got for it. */
  async function asked(world: TestSandbox, role: string, key = world.key): Promise<readonly string[]> {
    const before = world.issuer.requests.length;
    await world.assume({ role, token: await world.token({}, {}, key) }).catch(noKey);
    return world.issuer.requests.slice(before);
  }

  test("asks for nothing meanwhile, whichever kids are named, and honours a key that was taken out", async (t) => {
    const world = await testSandbox(t, { issuerCache: "keep" });
    const { issuer, clock, key, assume, token } = world;
    const role = await world.role("demo");
    issuer.publish([key.jwk], maxAge(60));
    assert.deepEqual(await asked(world, role), [discoveryPath, jwksPath]);
    const second = ecKey("second");
    issuer.publish([second.jwk], maxAge(60));
    clock.jump(119_999);
    for (const kid of ["second", "third"]) assert.deepEqual(await asked(world, role, ecKey(kid)), []);
    await assume({ role, token: await token() });
    clock.jump(1);
    await assume({ role, token: await token({}, {}, second) });
    await assert.rejects(assume({ role, token: await token() }), noKey);
  });

  test("keeps each document for its own time: a JWK Set is not looked at sooner for a short-lived discovery document", async (t) => {
    const world = await testSandbox(t, { issuerCache: "keep" });
    const role = await world.role("demo");
    world.issuer.publish([world.key.jwk], maxAge(60));
    const discovery = world.issuer.pages.get(discoveryPath);
    assert.ok(typeof discovery === "object");
    world.issuer.pages.set(discoveryPath, { ...discovery, headers: maxAge(5) });
    await asked(world, role);
    world.clock.jump(10_000);
    assert.deepEqual(await asked(world, role), [discoveryPath]);
    world.issuer.pages.set(discoveryPath, { ...discovery, headers: maxAge(600) });
    world.clock.jump(10_000);
    assert.deepEqual(await asked(world, role), [discoveryPath]);
    world.clock.jump(100_000);
    assert.deepEqual(await asked(world, role), [jwksPath]);
  });

  test("keeps nothing that may not be kept, and no failure", async (t) => {
    const world = await testSandbox(t, { issuerCache: "keep" });
    const role = await world.role("demo");
    world.issuer.publish([world.key.jwk], { "cache-control": "no-store" });
    assert.deepEqual(await asked(world, role), [discoveryPath, jwksPath]);
    assert.deepEqual(await asked(world, role), [discoveryPath, jwksPath]);
    world.issuer.publish([world.key.jwk], maxAge(60));
    world.issuer.pages.set(jwksPath, { status: 500 });
    assert.deepEqual(await asked(world, role), [discoveryPath, jwksPath]);
    world.issuer.publish([world.key.jwk], maxAge(60));
    await world.assume({ role, token: await world.token() });
    assert.deepEqual(await asked(world, role, ecKey("unknown")), []);
  });

  test("shares a reading that is under way", async (t) => {
    const world = await testSandbox(t, { issuerCache: "keep" });
    const role = await world.role("demo");
    const token = await world.token();
    await Promise.all(Array.from({ length: 10 }, () => world.assume({ role, token })));
    assert.deepEqual(world.issuer.requests, [discoveryPath, jwksPath]);
  });

  test("forgets what it kept when a test breaks the issuer, and mends it", async (t) => {
    const { issuer, assume } = await withCluster(t, "keep");
    await assume(issuer.token(cart));
    issuer.fail("key-gone");
    await assert.rejects(assume(issuer.token(cart)), noKey);
    issuer.fail(undefined);
    await assume(issuer.token(cart));
  });

  const starts: readonly [string, (t: TestContext, world: TestSandbox) => Promise<SandboxConnection>][] = [
    ["startSandboxProcess with issuerCache", inOwnProcess],
    ["podtrust sandbox --issuer-cache keep", byCommand],
  ];
  for (const [what, start] of starts) {
    test(`is what every account of a sandbox is that was started by ${what}`, async (t) => {
      const world = await testSandbox(t);
      const { issuer, key } = world;
      const sandbox = await start(t, world);
      for (const account of [sandbox, await sandbox.newAccount()]) {
        issuer.publish([key.jwk], maxAge(60));
        const arn = `arn:aws:iam::${account.account}:oidc-provider/${new URL(issuer.issuer).host}`;
        await account.seed({
          providers: [{ url: issuer.issuer, audiences: ["sts.amazonaws.com"] }],
          roles: [{ name: "demo", trustPolicy: webIdentityTrust(arn) }],
        });
        const assume = assumer(t, account, `arn:aws:iam::${account.account}:role/demo`);
        await assume(await world.token());
        const second = ecKey("second");
        issuer.publish([key.jwk, second.jwk], maxAge(60));
        await assert.rejects(assume(await world.token({}, {}, second)), noKey);
        await account.clock.advance(120_000);
        await assume(await world.token({}, {}, second));
      }
    });
  }

  test("has a name, and another name is refused", async () => {
    await assert.rejects(startSandbox({ issuerCache: "Keep" as IssuerCache }), (error: PodtrustError) => {
      assert.equal(error.code, "usage");
      assert.equal(error.message, 'startSandbox: issuerCache is "Keep", which is none of refetch, keep');
      return true;
    });
  });
});
