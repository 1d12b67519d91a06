import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test, type TestContext } from "node:test";
import { testAuthority } from "../../../../test/support/certificates.ts";
import { TestClock } from "../../../../test/support/clock.ts";
import { discoveryOf, type IssuerServer, startIssuer } from "../../../../test/support/issuer-server.ts";
import { maxWait } from "../../../../test/support/until.ts";
import { awsBounds, type IssuerBounds } from "../../../issuer/index.ts";
import { type IssuerCache, issuerCaches, issuerDocuments } from "./issuer-cache.ts";
import { cacheLimits, type CacheLimits, type IssuerDocumentSource } from "./issuer-documents.ts";

const authority = await testAuthority();
const discoveryPath = "/.well-known/openid-configuration";
const jwksPath = "/openid/v1/jwks";

async function setUp(
  t: TestContext,
  options: {
    server?: Parameters<typeof startIssuer>[1];
    limits?: Partial<CacheLimits>;
    bounds?: Partial<IssuerBounds>;
    ca?: string;
    mode?: IssuerCache;
  } = {},
): Promise<{
  server: IssuerServer;
  clock: TestClock;
  cache: IssuerDocumentSource;
  provider: { url: string; thumbprints: string[] };
}> {
  const server = await startIssuer(authority, options.server);
  t.after(() => server.close());
  const clock = new TestClock();
  const { connectTo } = server;
  const { limits = {}, bounds = {}, ca = authority.root, mode = "refetch" } = options;
  const routeTo = () => Promise.resolve({ ca, connectTo });
  // AWS's own five seconds pass on a full machine, too.
  const cache = issuerDocuments(mode, {
    clock,
    routeTo,
    limits,
    bounds: { timeoutMs: maxWait, ...bounds },
  });
  const provider = { url: server.issuer.slice("https://".length), thumbprints: [] };
  return { server, clock, cache, provider };
}

describe("STS's fetching of an issuer's documents", () => {
  test("both documents come over verified TLS, and are kept as long as Cache-Control allows", async (t) => {
    const { server, clock, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=60" });
    const first = await cache.documents(provider, "one");
    assert.deepEqual(first, {
      ok: true,
      discovery: discoveryOf(server.issuer),
      jwks: '{"keys":[{"kid":"one"}]}',
    });
    clock.jump(59_999);
    await cache.documents(provider, "one");
    assert.deepEqual(server.requests, [discoveryPath, jwksPath]);
    clock.jump(1);
    await cache.documents(provider, "one");
    assert.equal(server.requests.length, 4);
    clock.jump(-3_600_000);
    await cache.documents(provider, "one");
    assert.equal(server.requests.length, 6, "a clock that was set back makes nothing fresher");
  });

  for (const control of ["no-cache", "no-store", "max-age=0"]) {
    test(`${control} makes STS ask each time`, async (t) => {
      const { server, cache, provider } = await setUp(t);
      server.publish([{ kid: "one" }], { "cache-control": control });
      await cache.documents(provider, "one");
      await cache.documents(provider, "one");
      assert.equal(server.requests.length, 4);
    });
  }

  test("the sooner end of the two documents counts", async (t) => {
    const { server, clock, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    server.pages.set(jwksPath, {
      headers: { "cache-control": "max-age=5" },
      body: '{"keys":[{"kid":"one"}]}',
    });
    await cache.documents(provider, "one");
    clock.jump(5000);
    await cache.documents(provider, "one");
    assert.equal(server.requests.length, 4);
  });

  test("a new key is found at once, however soon after the last fetch", async (t) => {
    const { server, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    await cache.documents(provider, "one");
    server.publish([{ kid: "one" }, { kid: "two" }], { "cache-control": "max-age=600" });
    const rotated = await cache.documents(provider, "two");
    assert.ok(rotated.ok && rotated.jwks.includes('"two"'));
    assert.equal(server.requests.length, 4);
  });

  test("invented kids do not flood the issuer", async (t) => {
    const { server, clock, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    await cache.documents(provider, "one");
    for (let i = 0; i < 20; i += 1) await cache.documents(provider, `invented-${i}`);
    assert.equal(server.requests.length, 4);
    clock.jump(cacheLimits.refetchMs);
    await Promise.all(Array.from({ length: 20 }, (_, i) => cache.documents(provider, `invented-${i}`)));
    await cache.documents(provider, "one");
    assert.equal(server.requests.length, 6);
  });

  test("a token that meets a fetch begun before its key was published is not refused for it", async (t) => {
    const { server, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    let late: Promise<unknown> = Promise.resolve();
    server.pages.set(jwksPath, (_request, response) => {
      server.publish([{ kid: "one" }, { kid: "two" }]);
      late = cache.documents(provider, "two");
      response.end('{"keys":[{"kid":"one"}]}');
    });
    const early = await cache.documents(provider, "one");
    assert.ok(early.ok && !early.jwks.includes('"two"'));
    assert.match(JSON.stringify(await late), /two/u);
    assert.equal(server.requests.length, 4);
  });

  test("a refetch that an invented kid asked for and that fails leaves fresh documents in place", async (t) => {
    const { server, clock, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    await cache.documents(provider, "one");
    clock.jump(cacheLimits.refetchMs);
    server.pages.clear();
    assert.equal((await cache.documents(provider, "invented")).ok, true);
    assert.equal((await cache.documents(provider, "one")).ok, true);
    assert.equal(server.requests.length, 3);
  });

  test("a token without a kid uses what is kept", async (t) => {
    const { server, clock, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
    await cache.documents(provider, "one");
    clock.jump(60_000);
    await cache.documents(provider, undefined);
    assert.equal(server.requests.length, 2);
  });

  test("calls that meet a fetch under way share it", async (t) => {
    const { server, cache, provider } = await setUp(t);
    server.publish([{ kid: "one" }], { "cache-control": "no-store" });
    const all = await Promise.all(Array.from({ length: 25 }, () => cache.documents(provider, "one")));
    assert.ok(all.every((documents) => documents.ok));
    assert.equal(server.requests.length, 2);
  });

  test("a failure is not kept: the next call asks again", async (t) => {
    const { server, cache, provider } = await setUp(t);
    assert.equal((await cache.documents(provider, "one")).ok, false);
    server.publish([{ kid: "one" }]);
    assert.equal((await cache.documents(provider, "one")).ok, true);
  });

  for (const mode of issuerCaches) {
    test(`the oldest issuer is forgotten when too many are known (${mode})`, async (t) => {
      const { server, cache, provider } = await setUp(t, { mode, limits: { maxIssuers: 2 } });
      server.publish([{ kid: "one" }], { "cache-control": "max-age=600" });
      for (const print of ["a", "b", "c", "c", "b", "a"]) {
        await cache.documents({ ...provider, thumbprints: [print.repeat(40)] }, "one");
      }
      assert.equal(server.requests.length, 8);
    });
  }

  test("kept for twice their lifetime, documents are asked for again after the clock was set back", async (t) => {
    const { server, clock, cache, provider } = await setUp(t, { mode: "keep" });
    server.publish([{ kid: "one" }], { "cache-control": "max-age=60" });
    await cache.documents(provider, "one");
    clock.jump(119_999);
    await cache.documents(provider, "other");
    assert.equal(server.requests.length, 2);
    clock.jump(-3_600_000);
    await cache.documents(provider, "one");
    assert.equal(server.requests.length, 4);
  });

  test("what was being read when everything was to be forgotten is not kept", async (t) => {
    const { server, cache, provider } = await setUp(t, { mode: "keep" });
    server.publish([{ kid: "one" }], { "cache-control": "max-age=60" });
    server.pages.set(jwksPath, (_request, response) => {
      cache.clear();
      server.publish([{ kid: "two" }], { "cache-control": "max-age=60" });
      response.end('{"keys":[{"kid":"one"}]}');
    });
    await cache.documents(provider, "one");
    assert.match(JSON.stringify(await cache.documents(provider, "two")), /two/u);
  });

  test("an issuer with a path and a trailing slash keeps its documents below the path", async (t) => {
    const { server, cache } = await setUp(t, { server: { path: "/clusters/a" } });
    server.publish([{ kid: "one" }]);
    const provider = { url: `${server.issuer.slice("https://".length)}/`, thumbprints: [] };
    assert.equal((await cache.documents(provider, "one")).ok, true);
    assert.equal(server.requests[0], `/clusters/a${discoveryPath}`);
  });

  const hostile: readonly { what: string; page: object; at?: string; reason: string }[] = [
    { what: "too large", page: { body: " ".repeat(600 * 1024) }, reason: "too-large" },
    {
      what: "a redirect",
      page: { status: 302, headers: { location: "http://127.0.0.1/" } },
      reason: "status",
    },
    { what: "an error", page: { status: 500 }, reason: "status" },
    { what: "HTML", page: { body: "<!doctype html><p>Hello" }, reason: "invalid" },
    { what: "without jwks_uri", page: { body: '{"issuer":"https://oidc.example.test"}' }, reason: "invalid" },
    { what: "JSON, but null", page: { body: "null" }, reason: "invalid" },
  ];
  for (const { what, page, reason } of hostile) {
    test(`a discovery document that is ${what}`, async (t) => {
      const { server, cache, provider } = await setUp(t);
      server.publish([{ kid: "one" }]);
      server.pages.set(discoveryPath, page);
      const documents = await cache.documents(provider, "one");
      assert.ok(!documents.ok);
      assert.deepEqual([documents.at, documents.reason], ["discovery", reason]);
      assert.deepEqual(server.requests, [discoveryPath]);
    });
  }

  test("a discovery document that is slower than STS waits", async (t) => {
    // As little time as this machine needs for the request to come.
    for (let timeoutMs = 100; ; timeoutMs *= 2) {
      const { server, cache, provider } = await setUp(t, { bounds: { timeoutMs } });
      server.publish([{ kid: "one" }]);
      server.pages.set(discoveryPath, { delayMs: maxWait });
      const documents = await cache.documents(provider, "one");
      assert.ok(!documents.ok);
      assert.deepEqual([documents.at, documents.reason], ["discovery", "timeout"]);
      if (server.requests.length === 0 && timeoutMs < maxWait) continue;
      assert.deepEqual(server.requests, [discoveryPath]);
      return;
    }
  });

  test("AWS waits for five seconds", () => assert.equal(awsBounds.timeoutMs, 5000));

  test("a jwks_uri over plain HTTP is not followed", async (t) => {
    const { server, cache, provider } = await setUp(t);
    server.pages.set(discoveryPath, { body: discoveryOf(server.issuer, "http://127.0.0.1/jwks") });
    const documents = await cache.documents(provider, "one");
    assert.ok(!documents.ok);
    assert.deepEqual([documents.at, documents.reason], ["jwks", "invalid"]);
  });

  test("a certificate of another name or of yesterday is refused, thumbprint or not", async (t) => {
    const thumbprints = [new X509Certificate(authority.root).fingerprint.replaceAll(":", "")];
    for (const server of [{ certificateNames: ["other.example.test"] }, { expired: true }]) {
      const { cache, provider } = await setUp(t, { server });
      for (const registered of [[], thumbprints]) {
        const documents = await cache.documents({ ...provider, thumbprints: registered }, "one");
        assert.ok(!documents.ok);
        assert.equal(documents.reason, "tls");
      }
    }
  });

  test("a chain that no root vouches for needs a registered thumbprint, as in IAM", async (t) => {
    const otherCa = await testAuthority("Another CA");
    const { server, cache, provider } = await setUp(t, { ca: otherCa.root });
    server.publish([{ kid: "one" }]);
    const refused = await cache.documents({ ...provider, thumbprints: ["0".repeat(40)] }, "one");
    assert.ok(!refused.ok);
    assert.equal(refused.reason, "thumbprint");
    const unregistered = await cache.documents(provider, "one");
    assert.ok(!unregistered.ok);
    assert.equal(unregistered.reason, "thumbprint");
    const print = new X509Certificate(authority.root).fingerprint.replaceAll(":", "").toLowerCase();
    assert.equal((await cache.documents({ ...provider, thumbprints: [print] }, "one")).ok, true);
  });
});
