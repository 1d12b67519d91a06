import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { authorityPem, createAuthority, issueWithKey } from "../authority/index.ts";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import { closeListener, type ListenerOptions, openListener } from "./index.ts";
import { maxWait } from "../../../test/support/until.ts";

const quick = {
  requestTimeout: 200,
  handshakeTimeout: 200,
  keepAliveTimeout: 200,
  closingTimeout: 200,
  exchangeMs: 400,
};

/** Reads the body, bounded, and says its length. */
function answerLength(exchange: Exchange): void {
  const { outgoing } = exchange;
  exchange.readBody(1000).then(
    (body) => outgoing.end(String(body.length)),
    (error: unknown) => {
      if (!(error instanceof BodyRefused)) return;
      outgoing.writeHead(error.status, { connection: "close" }).end(error.message);
    },
  );
}

async function opened(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<number> {
  const listener = await openListener({
    address: "127.0.0.1",
    port: 0,
    limits: quick,
    onExchange: answerLength,
    ...options,
  });
  t.after(() => closeListener(listener));
  return listener.port;
}

async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  // A client that is cut off may see a reset.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** All that comes until the server ends the connection; it has to within 10 seconds. */
async function untilEnd(socket: Socket): Promise<string> {
  let said = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(maxWait) });
  return said;
}

const head = "POST / HTTP/1.1\r\nHost: a\r\n";

describe("a stand-in's HTTP server whose limits are over", { concurrency: true }, () => {
  const unfinished: readonly (readonly [what: string, sent: string])[] = [
    ["from which nothing comes", ""],
    ["whose headers do not end", head],
    ["whose body does not end", `${head}Content-Length: 100\r\n\r\nabc`],
    ["whose chunked body does not end", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
    ["that stays open after an answer", `${head}Content-Length: 0\r\n\r\n`],
  ];
  for (const [what, sent] of unfinished) {
    test(`ends a connection ${what}`, async (t) => {
      const socket = await connected(t, await opened(t));
      socket.write(sent);
      await untilEnd(socket);
    });
  }

  test("ends an exchange whose answer never comes, and aborts its signal", async (t) => {
    const over = Promise.withResolvers<void>();
    const port = await opened(t, {
      onExchange: (exchange) => exchange.over.addEventListener("abort", () => over.resolve()),
    });
    const socket = await connected(t, port);
    socket.write(`${head}Content-Length: 0\r\n\r\n`);
    await Promise.all([untilEnd(socket), over.promise]);
  });
});

describe("a stand-in's HTTP server", () => {
  test("ends a TLS connection that does not shake hands", async (t) => {
    const authority = await createAuthority("test");
    const own = await issueWithKey(authority, { commonName: "a", names: ["127.0.0.1"], usage: "server" });
    const port = await opened(t, { tls: { cert: own.certificate, key: own.key } });
    await untilEnd(await connected(t, port));
    const good = connectTls({ port, host: "127.0.0.1", ca: authorityPem(authority) });
    t.after(() => good.destroy());
    await once(good, "secureConnect");
    good.write(`${head}Content-Length: 3\r\nConnection: close\r\n\r\nabc`);
    assert.match(await untilEnd(good), /^HTTP\/1\.1 200 OK\r\n[^]*3/u);
  });

  test("ends the exchanges of a client that went away, those that queue behind another too", async (t) => {
    const began = Promise.withResolvers<void>();
    const overs: AbortSignal[] = [];
    const port = await opened(t, {
      limits: { ...quick, exchangeMs: 60_000 },
      onExchange({ over }) {
        if (overs.push(over) === 2) began.resolve();
      },
    });
    const socket = await connected(t, port);
    socket.write(`${head}Content-Length: 0\r\n\r\n`.repeat(2));
    await began.promise;
    const ended = overs.map((over) => once(over, "abort", { signal: AbortSignal.timeout(maxWait) }));
    socket.destroy();
    await Promise.all(ended);
  });

  test("cuts a connection that sends more requests ahead than the bound", async (t) => {
    let asked = 0;
    const port = await opened(t, {
      limits: { maxPipelined: 4, exchangeMs: 60_000 },
      onExchange() {
        asked += 1;
      },
    });
    const socket = await connected(t, port);
    socket.write(`${head}Content-Length: 0\r\n\r\n`.repeat(50));
    await untilEnd(socket);
    // Those before it have not had their turn where all came at once.
    assert.ok(asked <= 4, String(asked));
  });

  test("takes a newcomer in place of a connection that asks nothing, where all places are taken", async (t) => {
    const port = await opened(t, { limits: { connections: 2, requestTimeout: 60_000 } });
    const first = await connected(t, port);
    await connected(t, port);
    const newcomer = await connected(t, port);
    newcomer.write(`${head}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    assert.match(await untilEnd(newcomer), /^HTTP\/1\.1 200/u);
    await untilEnd(first);
  });

  test("refuses a body over the bound by 413, and reads one that just fits", async (t) => {
    // A connection that fetch keeps would be ended by the quick limits, just as the second body comes.
    const url = `http://127.0.0.1:${await opened(t, { limits: {} })}`;
    const post = (length: number): Promise<Response> =>
      fetch(url, { method: "POST", body: "x".repeat(length) });
    assert.equal(await (await post(1000)).text(), "1000");
    assert.equal((await post(1001)).status, 413);
  });
});
