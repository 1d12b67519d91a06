import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:https";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { systemClock } from "../../core/base/index.ts";
import { until } from "../../../test/support/until.ts";
import { rememberingLogger } from "../../../test/support/remembering-logger.ts";
import { makeAuthority, signServing } from "./certificates.ts";
import type { ReviewAnswer } from "./review.ts";
import { ReviewServer } from "./server.ts";
import { ReviewTallies } from "./tallies.ts";

const name = "podtrust-webhook.podtrust.svc";
const mebibyte = 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe("the webhook's server", () => {
  const tallies = new ReviewTallies();
  const logger = rememberingLogger();
  let seen: unknown[] = [];
  let answerWith: () => Promise<ReviewAnswer>;
  const server = new ReviewServer({
    listen: { host: "127.0.0.1", port: 0 },
    async answer(read) {
      seen.push(await read());
      return answerWith();
    },
    tallies,
    clock: systemClock,
    logger,
  });
  let port: number;
  let ca: string;

  before(async () => {
    const now = Date.now();
    const authority = await makeAuthority({ now, life: 3_600_000 });
    ca = authority.certificate;
    await server.listen();
    server.use(await signServing(authority, [name], { now, life: 3_600_000 }));
    port = server.address?.port ?? 0;
  });
  after(() => server.drain());

  async function ask(
    body: Iterable<string | Buffer>,
    { path = "/inject", method = "POST", headers = {}, agent = new Agent() } = {},
  ): Promise<Answer> {
    seen = [];
    answerWith = () => Promise.resolve({ outcome: "unchanged", body: { ok: true } });
    const all = { "content-type": "application/json", ...headers };
    const asked = request({
      host: "127.0.0.1",
      port,
      servername: name,
      ca,
      agent,
      path,
      method,
      headers: all,
    });
    asked.on("error", () => {});
    const answered = once(asked, "response") as Promise<[NodeJS.ReadableStream & { statusCode: number }]>;
    for (const part of body) asked.write(part);
    asked.end();
    const [response] = await answered;
    let text = "";
    try {
      for await (const part of response) text += String(part);
    } catch {
      // It was cut off in the middle of what we sent.
    }
    asked.destroy();
    agent.destroy();
    return { status: response.statusCode, text };
  }

  /** A connection that says what the test says. */
  async function open(): Promise<TLSSocket> {
    const socket = connect({ host: "127.0.0.1", port, servername: name, ca });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket;
  }

  test("answers a review, and what is none with the reason", async () => {
    assert.deepEqual(await ask(['{"a":1}']), { status: 200, text: '{"ok":true}' });
    assert.deepEqual(seen, [{ a: 1 }]);
    const refused: readonly (readonly [Promise<Answer>, number])[] = [
      [ask(["{}"], { path: "/" }), 404],
      [ask(["{}"], { path: "/metrics" }), 404],
      [ask([], { method: "GET" }), 405],
      [ask(["{}"], { headers: { "content-type": "text/plain" } }), 415],
      [ask(["{}"], { headers: { "content-type": "application/jsonish" } }), 415],
      [ask(['{"a":']), 400],
      [ask([Buffer.from([0xff, 0xfe, 0x00])]), 400],
      [ask([]), 400],
    ];
    for (const [answer, status] of refused) assert.equal((await answer).status, status);
    assert.deepEqual(seen, []);
    assert.equal(
      (await ask(["{}"], { headers: { "content-type": "Application/JSON; charset=utf-8" } })).status,
      200,
    );
  });

  test("refuses three megabytes and one byte, whether they are announced or not, and takes three", async () => {
    const piece = Buffer.alloc(mebibyte, " ");
    const three = [piece, piece, piece.subarray(2), "{}"];
    assert.equal((await ask(three)).status, 200);
    assert.equal((await ask([...three, " "])).status, 413);
    assert.equal((await ask([" "], { headers: { "content-length": String(3 * mebibyte + 1) } })).status, 413);
    assert.deepEqual(seen, []);
  });

  test("reads and answers a small review while eighteen megabytes of large ones wait for their answers", async () => {
    const [waiting, begun] = [Promise.withResolvers<ReviewAnswer>(), [] as Promise<Answer>[]];
    const large = [Buffer.alloc(3 * mebibyte - 2, " "), "{}"];
    // More than is held at a time; each is read before the next one comes, so that none is too slow.
    for (let count = 1; count <= 6; count += 1) {
      begun.push(ask(large));
      answerWith = () => waiting.promise;
      await until("it is read whole", () => seen.length === 1);
    }
    assert.equal((await ask(["{}"])).status, 200);
    waiting.resolve({ outcome: "unchanged", body: {} });
    for (const one of begun) assert.equal((await one).status, 200);
  });

  test("refuses what is nested too deeply before it becomes hundreds of megabytes", async () => {
    const bytes = Buffer.alloc(3 * mebibyte, "[");
    const held = process.memoryUsage().heapUsed;
    assert.equal((await ask([bytes])).status, 400);
    assert.ok(process.memoryUsage().heapUsed - held < 64 * mebibyte);
    assert.equal((await ask([`${"[".repeat(100)}${"]".repeat(100)}`])).status, 200);
    const numbers = await ask([`[${"1,".repeat(1_000_000)}1]`]);
    assert.deepEqual(numbers, { status: 400, text: "400 Bad Request: it has more than 100000 values\n" });
  });

  test("answers 500, and logs why, where the cluster could not be asked, so that failurePolicy decides", async () => {
    const asking = ask(["{}"]);
    answerWith = () => Promise.reject(new Error("the API server is away"));
    const { status, text } = await asking;
    assert.equal(status, 500);
    assert.ok(!text.includes("away"));
    assert.match(logger.lines.join("\n"), /the API server is away/u);
    assert.equal(tallies.outcomes.failed, 1);
    const count = tallies.latency.samples.find(({ suffix }) => suffix === "_count")?.value ?? 0;
    assert.equal(
      count,
      Object.values(tallies.outcomes).reduce((sum, one) => sum + one, 0),
    );
  });

  test("shows a new certificate to new connections, while one that is open goes on", async () => {
    answerWith = () => Promise.resolve({ outcome: "unchanged", body: {} });
    const socket = await open();
    const now = Date.now();
    const authority = await makeAuthority({ now, life: 3_600_000 });
    server.use(await signServing(authority, [name], { now, life: 3_600_000 }));
    const body = "{}";
    socket.write(
      `POST /inject HTTP/1.1\r\nHost: ${name}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 200 /u);
    socket.destroy();
    ca = authority.certificate;
    assert.equal((await ask([body])).status, 200);
  });

  test("retires the connections that are open before it ends, each with an answer", async () => {
    answerWith = () => Promise.resolve({ outcome: "unchanged", body: {} });
    const socket = await open();
    const review = (): void => {
      const head = `POST /inject HTTP/1.1\r\nHost: ${name}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
      socket.write(head);
    };
    const answer = async (): Promise<string> => String(((await once(socket, "data")) as [Buffer])[0]);
    review();
    assert.match(await answer(), /^HTTP\/1\.1 200 [^]*\r\nConnection: keep-alive\r\n/u);
    server.retire();
    review();
    assert.match(await answer(), /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n/u);
    if (!socket.closed) await once(socket, "close");
    // Newcomers are answered until the very end.
    assert.equal((await ask(["{}"])).status, 200);
  });
});
