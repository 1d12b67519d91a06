import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { metricCatalogue, publisherStatus, startPublisher } from "../../src/publisher/index.ts";
import { startTestPublisher } from "../support/publisher.ts";
import { codeOf, discoveryPath, get, jwksPath, raw, readAll } from "./support.ts";
import { until } from "../support/until.ts";

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

test("clients cannot make series: a thousand paths are one", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  for (let index = 0; index < 20; index += 1)
    await get(to, `/path-${index}`, { method: index % 2 === 0 ? "GET" : "PUT" });
  const { text } = await to.admin("/metrics");
  const series = text.split("\n").filter((line) => line.startsWith("podtrust_http_requests_total{"));
  assert.deepEqual(series, ['podtrust_http_requests_total{stack="",path="other",status="404"} 20']);
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

test("shutdown lets a request under way end, and new connections are refused", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const socket = await raw(to);
  socket.write(`GET ${jwksPath} HTTP/1.1\r\nHost: ${to.host}\r\n`);
  // Whoever asks later is answered, so what came before has been read.
  assert.equal((await get(to, jwksPath)).status, 200);
  const closing = to.publisher.close(60_000);
  await until("new connections are refused", () =>
    raw(to).then(
      (other) => void other.destroy(),
      () => true,
    ),
  );
  socket.write("\r\n");
  assert.match(await readAll(socket), /^HTTP\/1\.1 200 OK/u);
  await closing;
});
