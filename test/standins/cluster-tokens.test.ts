import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { audience, ClusterWorld, issuer, mint } from "./cluster-world.ts";
import { SandboxUsageError } from "../../src/sandbox/index.ts";

const { world, cluster, admin } = await ClusterWorld.withDemo();
describe("the stand-in cluster", () => {
  after(() => world.close());

  test("TokenRequest gives Kubernetes' claims, and another library verifies the token", async () => {
    const { token, expirationTimestamp } = await admin.requestToken("aws-test", "demo", {
      audiences: [audience],
      expirationSeconds: 900,
    });
    const now = world.clock.now() / 1000;
    const { header, claims } = parseJws(token);
    assert.deepEqual(header, { alg: "RS256", kid: cluster.keys.list()[0]?.kid });
    const { jti, "kubernetes.io": own, ...rest } = claims;
    assert.match(String(jti), /^[0-9a-f-]{36}$/u);
    assert.deepEqual(rest, {
      aud: [audience],
      exp: now + 900,
      iat: now,
      iss: issuer,
      nbf: now,
      sub: "system:serviceaccount:aws-test:demo",
    });
    const { namespace, serviceaccount } = own as { namespace: string; serviceaccount: { name: string } };
    assert.deepEqual([namespace, serviceaccount.name], ["aws-test", "demo"]);
    assert.equal(Date.parse(expirationTimestamp), (now + 900) * 1000);
    assert.equal(await world.verifies(token, await world.jwks(cluster)), true);
  });

  test("signs by EC P-256 keys too, beside RSA", async () => {
    const ec = await world.cluster({ algorithm: "ES256" });
    ec.addServiceAccount("aws-test", "demo");
    const api = await world.connect(ec);
    const first = await mint(api);
    const rsa = await ec.keys.create("RS256");
    ec.keys.promote(rsa.kid);
    const second = await mint(api);
    assert.deepEqual([parseJws(first).alg, parseJws(second).alg], ["ES256", "RS256"]);
    const set = await world.jwks(ec);
    assert.deepEqual([await world.verifies(first, set), await world.verifies(second, set)], [true, true]);
  });

  test("refuses a token's lifetime below ten minutes, as our client does, and cuts it to the cluster's longest", async () => {
    const ask = (expirationSeconds: number) =>
      admin.requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds });
    await assert.rejects(ask(599), { code: "token-lifetime", message: /600 at least/u });
    await assert.rejects(ask(2 ** 32 + 1), { code: "token-lifetime", message: /2\^32/u });
    const short = await world.cluster({ maxTokenSeconds: 3600 });
    short.addServiceAccount("aws-test", "demo");
    const { token } = await (
      await world.connect(short)
    ).requestToken("aws-test", "demo", { audiences: [audience], expirationSeconds: 86_400 });
    const { exp, iat } = parseJws(token).claims as { exp: number; iat: number };
    assert.equal(exp - iat, 3600);
  });

  test("verifies old tokens through a rotation until their key is dropped, and no longer", async () => {
    const rotating = await world.cluster();
    rotating.addServiceAccount("aws-test", "demo");
    const api = await world.connect(rotating);
    const [first] = rotating.keys.list();
    const old = await mint(api);
    const second = await rotating.keys.create();
    assert.deepEqual(
      rotating.keys.list().map((key) => key.state),
      ["signing", "published"],
    );
    assert.equal((await world.jwks(rotating)).keys.length, 2);
    assert.equal(parseJws(await mint(api)).kid, first?.kid);
    rotating.keys.promote(second.kid);
    const fresh = await mint(api);
    assert.equal(parseJws(fresh).kid, second.kid);
    const overlap = await world.jwks(rotating);
    assert.deepEqual(
      [await world.verifies(old, overlap), await world.verifies(fresh, overlap)],
      [true, true],
    );
    assert.throws(() => rotating.keys.drop(second.kid), SandboxUsageError);
    rotating.keys.drop(first?.kid ?? "");
    const later = await world.jwks(rotating);
    assert.deepEqual([await world.verifies(old, later), await world.verifies(fresh, later)], [false, true]);
    assert.throws(() => rotating.keys.promote(first?.kid ?? ""), SandboxUsageError);
  });

  test("forges tokens that are expired, foreign, or with claims of one's choice", async () => {
    const set = await world.jwks(cluster);
    const who = { namespace: "aws-test", name: "demo", audiences: [audience] };
    assert.equal(await world.verifies(cluster.forgeToken(who), set), true);
    assert.equal(await world.verifies(cluster.forgeToken({ ...who, expirationSeconds: -60 }), set), false);
    assert.equal(await world.verifies(cluster.forgeToken({ ...who, signedBy: "foreign-key" }), set), false);
    const odd = parseJws(
      cluster.forgeToken({
        ...who,
        claims: { sub: "system:node:x", jti: undefined },
        header: { typ: "JWT" },
      }),
    );
    assert.deepEqual(
      [odd.claims["sub"], "jti" in odd.claims, odd.header["typ"]],
      ["system:node:x", false, "JWT"],
    );
  });
});
