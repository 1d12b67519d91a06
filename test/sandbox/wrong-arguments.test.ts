/**
 * Whatever JSON a caller gives in place of an argument, it works, or what comes out is a SandboxError that is no defect of the
 * sandbox. Misspelt names are refused: they would be defaults that nobody asked for.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  clientEnvironment,
  clientExports,
  type ClientOptions,
  connectSandbox,
  type Decision,
  type DecisionFilter,
  decisionLine,
  type ForgedToken,
  SandboxUsageError,
  startAuthority,
  startSandbox,
  startStandInCloudflare,
  startStandInHetzner,
  type TokenSpec,
} from "../../src/sandbox/index.ts";
import { runs } from "../support/runs.ts";
import { type Act, checkAll, wrong } from "../support/wrong-values.ts";

const tries = { numRuns: runs(8) };
const spec: TokenSpec = { namespace: "shop", name: "cart" };

describe("arguments that cannot be", () => {
  test("calls refuse them by a SandboxError that is not internal, or work", async (t) => {
    const sandbox = await startSandbox({ gcp: {}, azure: {} });
    const [authority, hetzner, cloudflare] = await Promise.all([
      startAuthority(),
      startStandInHetzner(),
      startStandInCloudflare(),
    ]);
    t.after(() => Promise.all([sandbox, authority, hetzner, cloudflare].map((one) => one.close())));
    const connected = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
    const own = await sandbox.issuer();
    const theirs = await connected.issuer();
    const { cluster } = own;
    const served = await cluster.serveIssuer();
    t.after(() => served.close());
    const filter: Record<keyof DecisionFilter, true> = {
      service: true,
      action: true,
      decision: true,
      rule: true,
      code: true,
      requestId: true,
      who: true,
      resource: true,
    };
    const forged: Record<keyof ForgedToken, true> = {
      namespace: true,
      name: true,
      audiences: true,
      issuedAt: true,
      expirationSeconds: true,
      signedBy: true,
      claims: true,
      header: true,
    };
    const calls: Record<string, (value: never) => unknown> = {
      "clock.advance": (ms) => sandbox.clock.advance(ms),
      decisions: (given) => sandbox.decisions(given),
      seed: (given) => sandbox.seed(given),
      "token of": (given) => own.token(given),
      forgeToken: (given) => own.forgeToken(given),
      fail: (fault) => own.fail(fault),
      createToken: (given) => cluster.createToken(given),
      kubeconfig: (user) => cluster.kubeconfig(user),
      "addServiceAccount in": (namespace) => cluster.addServiceAccount(namespace, "cart"),
      addServiceAccount: (name) => cluster.addServiceAccount("shop", name),
      "cluster.misbehave": (fault) => cluster.misbehave(fault),
      "cluster.forgeToken": (given) => cluster.forgeToken(given),
      "keys.create": (algorithm) => cluster.keys.create(algorithm),
      "keys.promote": (kid) => cluster.keys.promote(kid),
      "keys.drop": (kid) => cluster.keys.drop(kid),
      "served.fail": (fault) => served.fail(fault),
      "authority.misbehave": (fault) => authority.misbehave(fault),
      suggestRenewal: (certificate) => authority.suggestRenewal(certificate),
      "authority.clock.advance": (ms) => authority.clock.advance(ms),
      sellOut: (type) => hetzner.sellOut(type),
      "hetzner.misbehave": (rule) => hetzner.misbehave(rule),
      recordSets: (zone) => hetzner.recordSets(zone),
      userData: (server) => hetzner.userData(server),
      "cloudflare.misbehave": (rule) => cloudflare.misbehave(rule),
      records: (zone) => cloudflare.records(zone),
      "gcp.seed": (given) => sandbox.gcp?.seed(given),
      credentialFile: (given) => sandbox.gcp?.credentialFile(given),
      "azure.seed": (given) => sandbox.azure?.seed(given),
      "azure.decisions": (given) => sandbox.azure?.decisions(given),
      "front.environment": (language) => sandbox.front?.environment(language),
      connectSandbox: (given) => connectSandbox(given),
      "connectSandbox: url": (url) => connectSandbox({ url, token: "x".repeat(32) }),
      "connectSandbox: token": (token) => connectSandbox({ url: sandbox.url, token }),
      "connected clock.advance": (ms) => connected.clock.advance(ms),
      "connected decisions": (given) => connected.decisions(given),
      "connected seed": (given) => connected.seed(given),
      "connected gcp.seed": (given) => connected.gcp.seed(given),
      "connected token": (given) => theirs.token(given),
      "connected forgeToken": (given) => theirs.forgeToken(given),
      "connected fail": (fault) => theirs.fail(fault),
      clientEnvironment: (given) => clientEnvironment(given),
      clientExports: (given) => clientExports(given),
      decisionLine: (given) => decisionLine(given),
    };
    for (const name of Object.keys(filter)) {
      calls[`decisions: ${name}`] = (value) => sandbox.decisions({ [name]: value });
      calls[`connected decisions: ${name}`] = (value) => connected.decisions({ [name]: value });
    }
    for (const name of Object.keys(forged)) {
      calls[`forgeToken: ${name}`] = (value) => own.forgeToken({ ...spec, [name]: value });
      calls[`connected forgeToken: ${name}`] = (value) => theirs.forgeToken({ ...spec, [name]: value });
      calls[`token: ${name}`] = (value) => own.token({ ...spec, [name]: value });
      calls[`connected token: ${name}`] = (value) => theirs.token({ ...spec, [name]: value });
    }
    for (const [name, call] of Object.entries(calls)) await checkAll(name, call as Act, tries);
  });

  test("an issuer's URL that is none is refused, in this process and by a connection", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const connected = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
    for (const url of wrong)
      for (const account of [sandbox, connected])
        await assert.rejects(account.issuer(url as never), SandboxUsageError, JSON.stringify(url));
  });

  test("misspelt members are refused by name, and words that nothing has", async (t) => {
    const sandbox = await startSandbox({ azure: {} });
    t.after(() => sandbox.close());
    const connected = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
    const [own, theirs] = [await sandbox.issuer(), await connected.issuer()];
    const client: ClientOptions = { url: sandbox.url, region: "us-east-1", credentials: "/c" };
    const misspelt: readonly (readonly [() => unknown, RegExp])[] = [
      [() => sandbox.decisions({ decison: "deny" } as never), /^decisions has no decison$/u],
      [() => connected.decisions({ decison: "deny" } as never), /^decisions has no decison$/u],
      [
        () => sandbox.decisions({ decision: "denied" as never }),
        /^decisions: decision is "denied", which is none of allow, deny, invalid$/u,
      ],
      [() => connected.decisions({ decision: "denied" as never }), /^decisions: decision is "denied"/u],
      [() => sandbox.azure?.decisions({ decision: "denied" as never }), /^decisions: decision is "denied"/u],
      [() => own.token({ ...spec, audience: "x" } as never), /^token has no audience$/u],
      [() => theirs.token({ ...spec, audience: "x" } as never), /^token has no audience$/u],
      [() => own.token({ namespace: "shop" } as never), /^token lacks name$/u],
      [() => theirs.token({ namespace: "shop" } as never), /^token lacks name$/u],
      [() => own.forgeToken({ ...spec, claim: {} } as never), /^forgeToken has no claim$/u],
      [() => own.forgeToken({ namespace: "shop" }), /of a namespace and a name together/u],
      [() => own.fail("slwo" as never), /^fail: the fault is "slwo"/u],
      [() => own.cluster.misbehave("hnag" as never), /^misbehave: the fault is "hnag"/u],
      [() => clientEnvironment({ ...client, regoin: "x" } as never), /has no regoin$/u],
      [() => decisionLine({} as Decision), /^decisionLine: the decision lacks time$/u],
    ];
    for (const [act, message] of misspelt)
      await assert.rejects(async () => act(), { name: "SandboxUsageError", message });
  });

  test("an argument that is undefined is absent", async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const connected = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
    await assert.rejects(sandbox.seed({ roles: [{ name: "a/b", trustPolicy: {} }] }));
    const own = await sandbox.issuer();
    const claims = own.token({ ...spec, audiences: undefined } as never).split(".")[1] ?? "";
    assert.match(Buffer.from(claims, "base64url").toString(), /"aud":\["sts\.amazonaws\.com"\]/u);
    assert.deepEqual(await connected.decisions({ rule: undefined } as never), sandbox.decisions());
  });
});
