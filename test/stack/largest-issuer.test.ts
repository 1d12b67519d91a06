/**
 * The largest JWK Set that AWS takes of RSA-4096 keys, 79 kB: whoever reads the issuer reads it by src/issuer, and so
 * all of them answer alike.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { outsideLinks } from "../../src/demo/links.ts";
import { seeIssuer } from "../../src/issuer/index.ts";
import {
  kubernetesKid,
  parseJwkSet,
  publicKeyOf,
  renderJwkSet,
  rsaProblem,
} from "../../src/rules/keys/index.ts";
import { openStack, statusOf } from "../../src/stack/index.ts";
import { type ChainWorld, demoAccount, startChainWorld } from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { account } from "../support/sandbox.ts";

/** As long as an RSA-4096 key and without a small factor, which is all that counts here. */
function largeKey(): Record<string, string> {
  for (;;) {
    const n = randomBytes(512);
    n[0] = 0xc0;
    const jwk = { kty: "RSA", use: "sig", alg: "RS256", n: n.toString("base64url"), e: "AQAB" };
    const key = publicKeyOf(jwk);
    if (key !== undefined && rsaProblem(key) === undefined) return { ...jwk, kid: kubernetesKid(jwk) };
  }
}

describe("an issuer with a hundred RSA-4096 keys", () => {
  let clock: TestClock;
  const { signal } = new AbortController();
  let world: ChainWorld;

  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    const { jwks } = await world.api.oidcDocuments();
    const { keys: own } = JSON.parse(jwks.toString()) as { keys: Record<string, string>[] };
    const keys = [...Array.from({ length: 100 - own.length }, largeKey), ...own];
    const text = renderJwkSet(parseJwkSet(JSON.stringify({ keys })).keys);
    assert.ok(text.length > 75_000, `${text.length} bytes are published`);
    world.issuer.publish((JSON.parse(text) as { keys: object[] }).keys);
  });
  after(() => world.close());

  test("is seen by publish s3 and apply demo", async () => {
    assert.equal((await seeIssuer(world.issuer.issuer, world.route, signal)).kids.length, 100);
  });

  test("is trusted by up without a warning", async () => {
    const stack = await openStack({ ...world, env: {}, clock, signal });
    const plan = await stack.plan();
    stack.close();
    assert.doesNotMatch(plan.warnings.join(), /cannot be read from outside/u);
    assert.deepEqual(plan.plan.refusals, []);
    await world.up();
  });

  test("holds for status, and STS reads it", async () => {
    const report = await statusOf({ ...world, env: {}, clock, signal });
    const found = report.links.map(({ name, outcome }) => `${name} ${outcome}`);
    assert.equal(report.broken, undefined, JSON.stringify(report, undefined, 1));
    assert.ok(found.includes("sts ok"), found.join());
    const warned = report.links.flatMap(({ findings }) =>
      findings.filter((one) => one.outcome === "warning"),
    );
    assert.deepEqual(
      warned.map(({ seen }) => seen),
      ["The JWK Set is larger than 65536 bytes; AWS does not say how much it reads."],
    );
  });

  test("is accepted by explain", async () => {
    const [namespace = "", name = ""] = demoAccount.split("/");
    const spec = { audiences: ["sts.amazonaws.com"], expirationSeconds: 600 };
    const { token } = await world.api.requestToken(namespace, name, spec);
    const [rule] = world.issuer.connectTo;
    const iam = await world.open({ region: "eu-central-1" }).iam();
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: "k3s-demo-app" }));
    iam.destroy();
    await writeFile(`${world.folder}/token`, token);
    await writeFile(`${world.folder}/trust.json`, decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""));
    const { code, out } = await podtrustHere(
      [
        "explain",
        "--token=token",
        `--role=arn:aws:iam::${account}:role/k3s-demo-app`,
        "--trust-policy=trust.json",
        `--ca=${world.caFile}`,
        `--connect-to=${rule?.host}:443:${rule?.address}:${rule?.toPort}`,
      ],
      { cwd: world.folder, clock },
    );
    assert.equal(code, 0, out);
  });

  test("is shown by the demo", async () => {
    const { issuer, route } = world;
    const environment = {
      issuer: { url: issuer.issuer },
      ca: { root: route.ca },
      connectTo: route.connectTo,
    };
    const text = await outsideLinks.jwks(environment as unknown as Parameters<typeof outsideLinks.jwks>[0]);
    assert.match(text, /holds 100 public keys/u);
  });
});
