import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PodtrustError } from "../../src/base/index.ts";
import {
  distrustKey,
  metricCatalogue,
  publisherStatus,
  startPublisher,
  trustKey,
} from "../../src/publisher/index.ts";
import { FakeCluster, newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { discoveryPath, get, jwksPath } from "./support.ts";

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as PodtrustError).code,
  );

async function kidsOf(to: TestPublisher): Promise<string[]> {
  const { body } = await get(to, jwksPath);
  return (JSON.parse(body.toString()) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
}

test("readyz waits for documents, and an outage of the cluster does not take it back", async () => {
  await using to = await startTestPublisher();
  to.cluster.fault = () => {
    throw new Error("down");
  };
  assert.equal((await to.admin("/healthz")).text, "ok\n");
  await to.publisher.ready();
  await to.clock.advance(3_600_000);
  assert.equal((await to.admin("/readyz")).status, 200);
  assert.match((await to.admin("/metrics")).text, /podtrust_documents_age_seconds\{stack="test"\} 3\d{3}/u);
  assert.equal((await to.admin("/nothing")).status, 404);
});

test("every metric of the catalogue is exposed, with the labels that it names", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  await get(to, jwksPath);
  await get(to, discoveryPath);
  await get(to, "/x");
  const { text } = await to.admin("/metrics");
  for (const { name, type, labels } of Object.values(metricCatalogue)) {
    assert.match(text, new RegExp(`^# TYPE ${name} ${type}$`, "mu"));
    for (const line of text.split("\n").filter((one) => one.startsWith(`${name}{`))) {
      const names = [...line.matchAll(/[{,](\w+)="/gu)].map((found) => found[1]);
      assert.deepEqual(names, Object.keys(labels), line);
    }
  }
  assert.match(text, /podtrust_http_requests_total\{stack="test",path="jwks",status="200"\} 1/u);
  assert.match(text, /podtrust_http_requests_total\{stack="",path="other",status="404"\} 1/u);
  assert.match(text, /podtrust_http_request_duration_seconds_count 3/u);
  assert.match(text, /podtrust_tls_handshakes_total\{outcome="done"\} 3/u);
});

test("strangers cannot make series: a thousand paths are one", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  for (let index = 0; index < 20; index += 1)
    await get(to, `/path-${index}`, { method: index % 2 === 0 ? "GET" : "PUT" });
  const { text } = await to.admin("/metrics");
  const series = text.split("\n").filter((line) => line.startsWith("podtrust_http_requests_total{"));
  assert.deepEqual(series, ['podtrust_http_requests_total{stack="",path="other",status="404"} 20']);
});

test("a key that another process distrusts by the socket is out at once, for good, and on disk", async () => {
  const keys = [newKey(), newKey()];
  const [first, second] = keys.map((key) => key.kid) as [string, string];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  const socket = await stat(join(to.stateDir, "publisher.sock"));
  assert.equal(socket.mode & 0o777, 0o600);
  // Nobody knows which of the two signs.
  assert.equal(await codeOf(distrustKey(to.stateDir, first)), "publisher-key-signs");
  assert.deepEqual(new Set(await kidsOf(to)), new Set([first, second]));
  const outcome = await distrustKey(to.stateDir, first, { force: true });
  assert.deepEqual(outcome, {
    stack: "test",
    kid: first,
    changed: true,
    persisted: true,
    published: true,
    cachedUntil: to.clock.now() + 60_000,
    forgottenAt: to.clock.now() + 60_000 + 3_600_000,
  });
  assert.deepEqual(await kidsOf(to), [second]);
  await to.clock.advance(60_000);
  assert.deepEqual(await kidsOf(to), [second]);
  const status = await publisherStatus(to.stateDir);
  assert.equal(status.issuers[0]?.keys.find((key) => key.kid === first)?.state, "distrusted");
  assert.match(status.issuers[0]?.warnings.join() ?? "", /still shows it/u);
  assert.equal((await distrustKey(to.stateDir, first)).changed, false);
  assert.equal(await codeOf(distrustKey(to.stateDir, "unknown")), "publisher-key-unknown");
  assert.equal(await codeOf(distrustKey(to.stateDir, second, { force: true })), "publisher-last-key");
  await to.publisher.close(0);
  to.cluster.fault = () => {
    throw new Error("down");
  };
  const again = await startPublisher({ ...to.options });
  assert.equal((await publisherStatus(to.stateDir)).issuers[0]?.documents?.from, "disk");
  to.cluster.fault = undefined;
  await again.refresh();
  assert.equal(again.status().issuers[0]?.keys.find((key) => key.kid === first)?.state, "distrusted");
  await again.close(0);
});

test("a distrust is taken back by the socket: published again, and on disk", async () => {
  const keys = [newKey(), newKey()];
  const [first, second] = keys.map((key) => key.kid) as [string, string];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  await distrustKey(to.stateDir, first, { force: true });
  assert.deepEqual(await kidsOf(to), [second]);
  assert.deepEqual(await trustKey(to.stateDir, first), {
    stack: "test",
    kid: first,
    changed: true,
    persisted: true,
    published: true,
    shown: true,
  });
  assert.deepEqual(new Set(await kidsOf(to)), new Set([first, second]));
  assert.equal((await trustKey(to.stateDir, first, { stack: "test" })).changed, false);
  assert.equal(await codeOf(trustKey(to.stateDir, "unknown")), "publisher-key-unknown");
  await to.publisher.close(0);
  const again = await startPublisher(to.options);
  const states = (await publisherStatus(to.stateDir)).issuers[0]?.keys.map(({ state }) => state);
  assert.deepEqual(states, ["current", "current"]);
  await again.close(0);
});

test("a key that cannot be known because the cluster cannot be read says why, and what to do about that", async () => {
  await using to = await startTestPublisher();
  await to.publisher.close(0);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-unread-"));
  to.cluster.fault = () => {
    throw new PodtrustError("cluster-unreachable", "connect ECONNREFUSED", { next: "Start the cluster." });
  };
  const publisher = await startPublisher({ ...to.options, stateDir: folder });
  await publisher.refresh();
  await assert.rejects(publisher.distrust("any"), {
    code: "publisher-key-unknown",
    message: /no key with the kid "any" is known: connect ECONNREFUSED/u,
    next: "Start the cluster.",
  });
  assert.match(
    publisher.status().unready.join(),
    /Nothing can be published yet: connect ECONNREFUSED .*Start the cluster/u,
  );
  await publisher.close(0);
  await rm(folder, { recursive: true });
});

test("two publishers do not share a state directory, a dead one's socket is no obstacle, and who asks there learns which it is", async () => {
  await using to = await startTestPublisher();
  assert.equal(await codeOf(startPublisher(to.options)), "publisher-running");
  assert.equal((await to.admin("/healthz")).status, 200);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-socket-"));
  await writeFile(join(folder, "publisher.sock"), "");
  await rm(join(folder, "publisher.sock"));
  const dead = createServer().listen(join(folder, "publisher.sock"));
  await new Promise((resolve) => dead.once("listening", resolve));
  dead.unref();
  // What a killed process leaves: the file, with nobody behind it.
  (dead as unknown as { _handle: { close(): void } })._handle.close();
  await writeFile(join(folder, "publisher.sock"), "").catch(() => {});
  await assert.rejects(publisherStatus(folder), { next: /^The publisher that used it was killed/u });
  const own = await startPublisher({ ...to.options, stateDir: folder });
  assert.equal((await publisherStatus(folder)).issuers.length, 1);
  await own.close(0);
  await rm(folder, { recursive: true });
  assert.equal(await codeOf(publisherStatus(folder)), "publisher-not-running");
  await assert.rejects(publisherStatus(folder), { next: /^Nothing was ever started there/u });
});

test("a state directory that cannot be made, or is another's, keeps the publisher from starting, with what to name instead", async () => {
  await using to = await startTestPublisher();
  const startIn = (stateDir: string): Promise<unknown> => startPublisher({ ...to.options, stateDir });
  await assert.rejects(startIn("/proc/podtrust/state"), {
    code: "file-unwritable",
    message: /the state directory cannot be made/u,
    next: /publisher\.stateDir/u,
  });
  const open = await mkdtemp(join(tmpdir(), "podtrust-open-"));
  await chmod(open, 0o777);
  await assert.rejects(startIn(open), { code: "state-permissions", message: /mode 0777/u });
  await rm(open, { recursive: true });
});

test("several issuers are told apart by name and path, each with its certificate and its keys", async () => {
  await using to = await startTestPublisher();
  const b = new FakeCluster("https://b.example.test/clusters/one");
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const { FakeCertificates } = await import("../support/publisher.ts");
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
    to.clock.jump(299_000);
    await to.publisher.reload(mistyped);
    assert.equal(to.publisher.status().issuers[0]?.issuer, other);
  });

  test("is refused again later, or when something else is asked for, or by who asked before the answer", async () => {
    const { to, own, mistyped } = await start();
    await using _end = to;
    const refused = "publisher-issuer-withdrawn";
    const both = [to.publisher.reload(mistyped), to.publisher.reload(mistyped)].map(codeOf);
    assert.deepEqual(await Promise.all(both), [refused, refused]);
    to.clock.jump(301_000);
    assert.equal(await codeOf(to.publisher.reload(mistyped)), refused);
    to.clock.jump(1000);
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
      ...(certificates === undefined ? {} : { certificates }),
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

test("port 80 answers challenges and nothing else, without a redirect", async () => {
  const challenges = { http01: (token: string) => (token === "tok-1" ? "tok-1.thumb" : undefined) };
  await using to = await startTestPublisher({
    options: {
      challenges,
      listen: {
        https: [{ host: "127.0.0.1", port: 0 }],
        http: [{ host: "127.0.0.1", port: 0 }],
        admin: false,
      },
    },
  });
  await to.publisher.ready();
  const base = `http://127.0.0.1:${to.publisher.addresses.http[0]?.port}`;
  const ask = (path: string, method = "GET") => fetch(base + path, { method, redirect: "manual" });
  const answer = await ask("/.well-known/acme-challenge/tok-1");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  assert.equal(await answer.text(), "tok-1.thumb");
  for (const path of [
    "/.well-known/acme-challenge/tok-2",
    "/.well-known/acme-challenge/../x",
    "/",
    jwksPath,
    discoveryPath,
  ])
    assert.equal((await ask(path)).status, 404, path);
  assert.equal((await ask("/.well-known/acme-challenge/tok-1", "POST")).status, 405);
});

test("plain HTTP behind a proxy serves the documents without HSTS, and only by the option that says so", async () => {
  await using to = await startTestPublisher();
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const { certificates: _none, ...bare } = own;
  const folder = await mkdtemp(join(tmpdir(), "podtrust-plain-"));
  const listen = { insecurePlainHttpBehindProxy: [{ host: "127.0.0.1", port: 0 }], admin: false } as const;
  const plain = await startPublisher({ ...to.options, issuers: [bare], stateDir: folder, listen });
  await plain.ready();
  const url = `http://127.0.0.1:${plain.addresses.plain[0]?.port}${jwksPath}`;
  assert.equal((await fetch(url)).status, 421);
  const { request } = await import("node:http");
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const outgoing = request(url, { headers: { host: to.host }, agent: false }, (response) => {
      response.resume();
      resolve(response.headers);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
  assert.equal(headers["content-type"], "application/jwk-set+json");
  assert.equal(headers["strict-transport-security"], undefined);
  await plain.close(0);
  await rm(folder, { recursive: true });
});

test("shutdown lets a request under way end, and new connections are refused", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const { raw, readAll } = await import("./support.ts");
  const socket = await raw(to);
  socket.write(`GET ${jwksPath} HTTP/1.1\r\nHost: ${to.host}\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = to.publisher.close(3000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await assert.rejects(raw(to));
  socket.write("\r\n");
  assert.match(await readAll(socket), /^HTTP\/1\.1 200 OK/u);
  await closing;
});
