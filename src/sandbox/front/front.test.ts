import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { maxWait, until } from "../../../test/support/until.ts";
import { type Front, type FrontOptions, type FrontSite, openFront } from "./index.ts";

/** Says what it was asked. */
const echo: FrontSite = {
  hosts: ["login.example.com", "*.vault.example.net"],
  answer: ({ host, method, url, headers, body }) =>
    Promise.resolve({
      status: 200,
      body: {
        host,
        method,
        path: url.pathname,
        query: url.search,
        type: headers["content-type"],
        body: String(body),
      },
    }),
};

async function opened(t: TestContext, options: Partial<FrontOptions> = {}): Promise<Front> {
  const front = await openFront({ sites: [echo], ...options });
  t.after(() => front.close());
  return front;
}

async function connected(t: TestContext, { port }: Front): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** All that comes until the other side has said goodbye. */
async function untilEnd(socket: Socket): Promise<string> {
  let said = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(maxWait) });
  return said;
}

/** What the front says to these bytes. */
async function answerTo(t: TestContext, front: Front, sent: string): Promise<string> {
  const socket = await connected(t, front);
  socket.write(sent);
  return untilEnd(socket);
}

interface Inside {
  readonly servername?: string;
  readonly host?: string;
  readonly request?: string;
}

/** Goes through the front to a host, and gives the whole answer to a request inside. */
async function askedInside(
  t: TestContext,
  front: Front,
  target: string,
  inside: Inside = {},
): Promise<string> {
  const { servername = target, host = target, request = "GET /a?b=c HTTP/1.1\r\n" } = inside;
  const socket = await connected(t, front);
  socket.write(`CONNECT ${target}:443 HTTP/1.1\r\nHost: ${target}:443\r\n\r\n`);
  const [said] = (await once(socket, "data")) as [Buffer];
  assert.match(said.toString(), /^HTTP\/1\.1 200 /u);
  const tls = connectTls({ socket, servername, ca: front.ca });
  await once(tls, "secureConnect");
  tls.write(`${request.replace("\r\n", `\r\nHost: ${host}\r\nConnection: close\r\n`)}\r\n`);
  return untilEnd(tls);
}

const bodyOf = (answer: string): unknown => JSON.parse(answer.split("\r\n\r\n")[1] ?? "");

describe("the CONNECT front whose limits are over", { concurrency: true }, () => {
  const slow: readonly (readonly [what: string, sent: string])[] = [
    ["that says nothing", ""],
    ["whose CONNECT does not end", "CONNECT login.example.com:443 HTTP/1.1\r\n"],
    ["that is let through and does not begin TLS", "CONNECT login.example.com:443 HTTP/1.1\r\n\r\n"],
  ];
  for (const [what, sent] of slow) {
    test(`ends a client ${what}`, async (t) => {
      const socket = await connected(t, await opened(t, { limits: { handshakeTimeout: 200 } }));
      socket.write(sent);
      await untilEnd(socket);
    });
  }

  test("ends a client that was refused and does not go", async (t) => {
    const { port } = await opened(t, { limits: { handshakeTimeout: 200 } });
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    t.after(() => socket.destroy());
    socket.on("error", () => undefined).resume();
    socket.write("CONNECT example.org:443 HTTP/1.1\r\n\r\n");
    await once(socket, "end");
    await until("the connection is cut", () => {
      if (!socket.destroyed) socket.write("still here");
      return socket.destroyed;
    });
  });
});

describe("the CONNECT front", () => {
  test("is itself each host of its list, under a certificate of its own CA", async (t) => {
    const front = await opened(t);
    const answer = await askedInside(t, front, "login.example.com", {
      request: "POST /t/token?x=1 HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
    });
    assert.match(answer, /^HTTP\/1\.1 200 /u);
    assert.deepEqual(bodyOf(answer), {
      host: "login.example.com",
      method: "POST",
      path: "/t/token",
      query: "?x=1",
      type: "text/plain",
      body: "abc",
    });
    assert.match(
      await askedInside(t, front, "shop.vault.example.net"),
      /"host":"shop\.vault\.example\.net"/u,
    );
  });

  test("takes a TLS greeting that comes in one packet with the CONNECT", async (t) => {
    const front = await opened(t);
    const socket = await connected(t, front);
    const between = createServer((client) => {
      client.once("data", (hello: Buffer) => {
        socket.write(Buffer.concat([Buffer.from("CONNECT login.example.com:443 HTTP/1.1\r\n\r\n"), hello]));
        socket.once("data", (said: Buffer) => {
          const at = said.indexOf("\r\n\r\n") + 4;
          client.write(said.subarray(at));
          socket.pipe(client).pipe(socket);
        });
      });
    }).listen(0, "127.0.0.1");
    t.after(() => between.close());
    await once(between, "listening");
    const { port } = between.address() as AddressInfo;
    const tls = connectTls({ port, host: "127.0.0.1", servername: "login.example.com", ca: front.ca });
    t.after(() => tls.destroy());
    await once(tls, "secureConnect", { signal: AbortSignal.timeout(maxWait) });
    tls.write("GET / HTTP/1.1\r\nHost: login.example.com\r\nConnection: close\r\n\r\n");
    assert.match(await untilEnd(tls), /"path":"\/"/u);
  });

  const refused: readonly (readonly [what: string, target: string, named: RegExp])[] = [
    ["a host that is not in its list", "example.org:443", /example\.org /u],
    ["a host with a name of the list at its end", "evil-login.example.com:443", /evil-login\.example\.com/u],
    ["a host two labels below a name with a star", "a.b.vault.example.net:443", /a\.b\.vault/u],
    ["the bare name behind a star", "vault.example.net:443", /does not speak for vault\.example\.net/u],
    ["SSH's port of a host of its list", "login.example.com:22", /login\.example\.com:22/u],
    ["an address of this machine", "127.0.0.1:443", /127\.0\.0\.1/u],
  ];
  for (const [what, target, named] of refused) {
    test(`refuses ${what}, names it in the line that clients show, and says what to do`, async (t) => {
      const said = await answerTo(t, await opened(t), `CONNECT ${target} HTTP/1.1\r\n\r\n`);
      const [line = ""] = said.split("\r\n");
      assert.match(line, /^HTTP\/1\.1 403 podtrust sandbox: /u);
      assert.match(line, named);
      assert.match(said, /It speaks, on port 443, for login\.example\.com, \*\.vault\.example\.net\./u);
      assert.match(said, /NO_PROXY=/u);
    });
  }

  test("connects to no server that listens, whatever port is named", async (t) => {
    let met = 0;
    const server = createServer(() => (met += 1)).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const said = await answerTo(t, await opened(t), `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
    assert.match(said, /^HTTP\/1\.1 403 /u);
    assert.equal(met, 0);
  });

  const wrong: readonly (readonly [what: string, sent: string, status: number])[] = [
    ["a request that is no CONNECT", "GET http://login.example.com/ HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["a target without a port", "CONNECT login.example.com HTTP/1.1\r\n\r\n", 400],
    ["a target with a user", "CONNECT me@login.example.com:443 HTTP/1.1\r\n\r\n", 400],
    ["a port that is none", "CONNECT login.example.com:99999 HTTP/1.1\r\n\r\n", 400],
    [
      "headers of more than 8 KiB",
      `CONNECT login.example.com:443 HTTP/1.1\r\nA: ${"b".repeat(9000)}\r\n\r\n`,
      431,
    ],
    ["a line of more than 8 KiB that does not end", `CONNECT ${"a".repeat(9000)}`, 431],
  ];
  for (const [what, sent, status] of wrong) {
    test(`refuses ${what}`, async (t) => {
      assert.match(
        await answerTo(t, await opened(t), sent),
        new RegExp(`^HTTP/1\\.1 ${status} podtrust sandbox: `, "u"),
      );
    });
  }

  test("gives back nothing of a target that a terminal or a header could take for more", async (t) => {
    const said = await answerTo(t, await opened(t), "CONNECT a\u001B[31m\u0000:443 HTTP/1.1\r\n\r\n");
    assert.match(said, /^HTTP\/1\.1 400 podtrust sandbox: a\?\[31m\?:443 is not a host and a port\r\n/u);
  });

  test("refuses a request whose Host is another than the name that TLS was asked for", async (t) => {
    const front = await opened(t);
    const answer = await askedInside(t, front, "login.example.com", { host: "shop.vault.example.net" });
    assert.match(answer, /^HTTP\/1\.1 421 /u);
    const unknown = await askedInside(t, front, "login.example.com", { host: "example.org" });
    const twice = "GET / HTTP/1.1\r\nHost: shop.vault.example.net\r\n";
    assert.match(await askedInside(t, front, "login.example.com", { request: twice }), /^HTTP\/1\.1 421 /u);
    assert.match(unknown, /^HTTP\/1\.1 421 /u);
  });

  test("refuses a body of more than a megabyte", async (t) => {
    const front = await opened(t);
    const request = "POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n";
    assert.match(await askedInside(t, front, "login.example.com", { request }), /^HTTP\/1\.1 413 /u);
  });

  test("says no more than that it failed where a stand-in throws", async (t) => {
    const broken: FrontSite = {
      hosts: ["login.example.com"],
      answer: () => Promise.reject(new Error("inner")),
    };
    const front = await opened(t, { sites: [broken] });
    const answer = await askedInside(t, front, "login.example.com");
    assert.match(answer, /^HTTP\/1\.1 500 /u);
    assert.doesNotMatch(answer, /inner/u);
  });

  test("ends connections that are still in their CONNECT", async () => {
    const front = await openFront({ sites: [echo], limits: { handshakeTimeout: 10 * maxWait } });
    const socket = connect({ port: front.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined).resume();
    await once(socket, "connect");
    socket.write("CONNECT login");
    await front.close();
    socket.destroy();
  });

  test("writes its CA where it has a folder, for its user alone, and else has no variables to give", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-front-"));
    t.after(() => rm(folder, { recursive: true }));
    const front = await opened(t, { folder });
    const { caFile = "", trustStore = "" } = front.files ?? {};
    assert.equal(await readFile(caFile, "utf8"), front.ca);
    for (const file of [caFile, trustStore]) assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(front.environment("go"), { HTTPS_PROXY: front.url, SSL_CERT_FILE: caFile });
    assert.throws(() => front.environment("cobol" as "go"), { code: "usage", message: /cobol/u });
    const bare = await opened(t);
    assert.throws(() => bare.environment("go"), { code: "usage", message: /is in no file/u });
  });

  test("rejects where the folder for its CA is not there", async () => {
    const folder = join(tmpdir(), "podtrust-no-such-folder");
    await assert.rejects(openFront({ sites: [echo], folder }), { code: "file-unwritable" });
  });

  test("rejects with the address where its port is taken", async (t) => {
    const { port } = await opened(t);
    await assert.rejects(openFront({ sites: [echo], port }), {
      code: "sandbox-listen",
      message: new RegExp(`^127\\.0\\.0\\.1, port ${port}: `, "u"),
    });
  });
});
