import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import { publisherStatus, startPublisher } from "../../src/publisher/index.ts";
import {
  FakeCertificates,
  FakeCluster,
  newKey,
  startTestPublisher,
  type TestPublisher,
} from "../support/publisher.ts";
import { codeOf, discoveryPath, get, jwksPath, kidsOf } from "./support.ts";

test("several issuers are told apart by name and path, each with its certificate and its keys", async () => {
  await using to = await startTestPublisher();
  const b = new FakeCluster("https://b.example.test/clusters/one");
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const certificates = new FakeCertificates(
    await to.authority.issue(["b.example.test", "keys.example.test"]),
  );
  const jwksUri = "https://keys.example.test/one.json";
  await to.publisher.reload({
    ...to.options,
    issuers: [own, { stack: "b", issuer: b.issuer, jwksUri, cluster: b, certificates }],
  });
  await to.publisher.ready();
  const at = (host: string): TestPublisher => Object.assign(Object.create(to) as TestPublisher, { host });
  const discovery = await get(at("b.example.test"), `/clusters/one${discoveryPath}`);
  assert.equal((JSON.parse(discovery.body.toString()) as { jwks_uri: string }).jwks_uri, jwksUri);
  assert.deepEqual((await get(at("keys.example.test"), "/one.json")).body, b.documents().jwks);
  assert.deepEqual((await get(to, jwksPath)).body, to.cluster.documents().jwks);
  assert.equal((await get(at("b.example.test"), jwksPath)).status, 404);
  assert.match(
    to.publisher.status().issuers[1]?.warnings.join() ?? "",
    /--service-account-jwks-uri=https:\/\/keys/u,
  );
});

test("a reload keeps listeners and sources that are the same, and takes what changed", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const asked = to.cluster.asked;
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const addresses = to.publisher.addresses;
  await to.publisher.reload({ ...to.options, issuers: [{ ...own, cacheControl: "public, max-age=5" }] });
  assert.deepEqual(to.publisher.addresses, addresses);
  assert.equal(to.cluster.asked, asked);
  assert.equal((await get(to, jwksPath)).headers["cache-control"], "public, max-age=5");
  to.cluster.keys = [newKey()];
  const before = await kidsOf(to);
  await to.publisher.reload({ ...to.options, issuers: [{ ...own, keyRetention: 1000 }] });
  await to.publisher.refresh();
  assert.deepEqual(new Set(await kidsOf(to)), new Set([...before, to.cluster.keys[0]?.kid]));
});

test("bad new options are refused and the old ones go on", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const bad = (change: object) =>
    codeOf(to.publisher.reload({ ...to.options, issuers: [{ ...own, ...change }] }));
  assert.equal(await bad({ issuer: "http://a.test" }), "issuer-invalid");
  assert.equal(await bad({ jwksUri: "http://a.test/" }), "publisher-issuer-invalid");
  assert.equal(await bad({ stack: "../x" }), "publisher-issuer-invalid");
  assert.equal(await bad({ cacheControl: "a\r\nb: c" }), "publisher-issuer-invalid");
  const { certificates: _none, ...bare } = own;
  assert.equal(
    await codeOf(to.publisher.reload({ ...to.options, issuers: [bare] })),
    "publisher-issuer-invalid",
  );
  assert.equal(
    await codeOf(to.publisher.reload({ ...to.options, issuers: [own, { ...own, stack: "twin" }] })),
    "publisher-issuer-invalid",
  );
  const taken = { host: "127.0.0.1", port: to.publisher.addresses.admin?.port ?? 0 };
  assert.equal(
    await codeOf(to.publisher.reload({ ...to.options, listen: { ...to.options.listen, http: [taken] } })),
    "publisher-listen",
  );
  assert.equal((await get(to, jwksPath)).status, 200);
  assert.equal((await to.admin("/readyz")).status, 200);
});

test("a reload into a state directory that another publisher uses is refused, and everything goes on as before", async () => {
  await using to = await startTestPublisher();
  await using other = await startTestPublisher();
  await to.publisher.ready();
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const taken = { ...own, stateDir: other.stateDir, cacheControl: "public, max-age=5" };
  assert.equal(await codeOf(to.publisher.reload({ ...to.options, issuers: [taken] })), "publisher-running");
  assert.equal((await get(to, jwksPath)).headers["cache-control"], "public, max-age=60");
  assert.equal((await publisherStatus(to.stateDir)).issuers[0]?.stack, "test");
});

describe("a reload that would take a confirmed issuer off the net", () => {
  const other = "https://oidc.exmaple.test";
  async function start() {
    const to = await startTestPublisher({ names: ["oidc.exmaple.test"] });
    await to.publisher.ready();
    await to.publisher.refresh();
    const [own] = to.options.issuers;
    assert.ok(own !== undefined);
    const mistyped = { ...to.options, issuers: [{ ...own, issuer: other }] };
    return { to, own, mistyped };
  }

  test("is refused, with what the cluster says of its issuer, and the issuer goes on being served", async () => {
    const { to, mistyped } = await start();
    await using _end = to;
    await assert.rejects(to.publisher.reload(mistyped), {
      code: "publisher-issuer-withdrawn",
      message:
        /take https:\/\/oidc\.example\.test off the net \(in its place: https:\/\/oidc\.exmaple\.test\).*names https:\/\/oidc\.example\.test, not/u,
      next: /second SIGHUP/u,
    });
    assert.equal((await get(to, jwksPath)).status, 200);
  });

  test("is made when it is asked for a second time within five minutes", async () => {
    const { to, mistyped } = await start();
    await using _end = to;
    assert.equal(await codeOf(to.publisher.reload(mistyped)), "publisher-issuer-withdrawn");
    await to.pass(299_000);
    await to.publisher.reload(mistyped);
    assert.equal(to.publisher.status().issuers[0]?.issuer, other);
  });

  for (const [words, jump] of [
    ["back", -3_600_000],
    ["forth", 3_600_000],
  ] as const) {
    test(`is made within five minutes, and refused after them, when the time of day jumps an hour ${words}`, async () => {
      const { to, mistyped } = await start();
      await using _end = to;
      const refused = "publisher-issuer-withdrawn";
      assert.equal(await codeOf(to.publisher.reload(mistyped)), refused);
      to.clock.jump(jump);
      await to.pass(301_000);
      assert.equal(await codeOf(to.publisher.reload(mistyped)), refused);
      await to.pass(299_000);
      to.clock.jump(-jump);
      await to.publisher.reload(mistyped);
      assert.equal(to.publisher.status().issuers[0]?.issuer, other);
    });
  }

  test("is refused again later, or when something else is asked for, or by who asked before the answer", async () => {
    const { to, own, mistyped } = await start();
    await using _end = to;
    const refused = "publisher-issuer-withdrawn";
    const both = [to.publisher.reload(mistyped), to.publisher.reload(mistyped)].map(codeOf);
    assert.deepEqual(await Promise.all(both), [refused, refused]);
    await to.pass(301_000);
    assert.equal(await codeOf(to.publisher.reload(mistyped)), refused);
    await to.clock.advance(1000);
    const another = { ...mistyped, issuers: [{ ...own, issuer: "https://third.example.test" }] };
    assert.equal(await codeOf(to.publisher.reload(another)), refused);
    assert.equal((await get(to, jwksPath)).status, 200);
  });

  test("is made at once where the cluster never confirmed the issuer", async () => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-unconfirmed-"));
    const { to, own, mistyped } = await start();
    await using _end = to;
    const unread = { ...own, cluster: new FakeCluster(other) };
    const publisher = await startPublisher({
      ...to.options,
      issuers: [unread],
      stateDir: folder,
      listen: { ...to.options.listen },
    });
    await publisher.refresh();
    await publisher.reload({ ...mistyped, stateDir: folder });
    assert.equal(publisher.status().issuers[0]?.issuer, other);
    await publisher.close(0);
    await rm(folder, { recursive: true });
  });

  test("is none where another issuer is added, or only other settings change", async () => {
    const { to, own } = await start();
    await using _end = to;
    const { certificates } = own;
    const added = {
      stack: "b",
      issuer: other,
      cluster: new FakeCluster(other),
      ...defined({ certificates }),
    };
    await to.publisher.reload({ ...to.options, issuers: [{ ...own, keyRetention: 1000 }, added] });
    assert.equal(to.publisher.status().issuers.length, 2);
  });
});

test("a publisher that is told to end while it reloads closes what the reload opened", async () => {
  const to = await startTestPublisher();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-ending-"));
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const reloading = codeOf(to.publisher.reload({ ...to.options, issuers: [{ ...own, stateDir: folder }] }));
  await Promise.all([reloading, to[Symbol.asyncDispose]()]);
  assert.equal(await codeOf(publisherStatus(folder)), "publisher-not-running");
  assert.equal(await codeOf(to.publisher.reload(to.options)), "interrupted");
  await rm(folder, { recursive: true });
});
