import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as plainServer } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { PodtrustError } from "../base/index.ts";
import { type TestAuthority, testAuthority } from "../../../test/support/certificates.ts";
import { ExchangeObserver, parseConnectTo, receive, request } from "./index.ts";

const servers: Server[] = [];
let authority: TestAuthority;
let port = 0;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function secure(options: ServerOptions): Promise<number> {
  return listen(
    createServer(options, (incoming, outgoing) => {
      if (incoming.url === "/slow") return;
      if (incoming.url === "/lasting") outgoing.write("x");
      else if (incoming.url === "/large") outgoing.end("x".repeat(5000));
      else if (incoming.url === "/cut") {
        outgoing.writeHead(200, { "content-length": "100" }).write("x");
        setTimeout(() => outgoing.destroy(), 20);
      } else if (incoming.url === "/away") outgoing.writeHead(302, { location: "http://elsewhere" }).end();
      else if (incoming.url === "/interim") for (let i = 0; i < 21; i += 1) outgoing.writeProcessing();
      else if (incoming.url === "/hints") {
        for (let i = 0; i < 20; i += 1) outgoing.writeProcessing();
        outgoing.end("done");
      } else if (incoming.url === "/echo") incoming.pipe(outgoing);
      else outgoing.end(JSON.stringify({ host: incoming.headers.host, method: incoming.method }));
    }),
  );
}

const via = () => [parseConnectTo(`:443:127.0.0.1:${port}`)];
const options = () => ({ ca: authority.root, connectTo: via() });

async function reason(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof PodtrustError, String(error));
    return error.detail["reason"] ?? error.code;
  }
  return "nothing was thrown";
}

describe("an outgoing request", () => {
  before(async () => {
    authority = await testAuthority();
    const { certificate, key } = await authority.issue(["oidc.example.com"]);
    port = await secure({ cert: certificate, key });
  });

  after(() => {
    for (const server of servers) {
      server.close();
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    }
  });

  test("an answer comes with status, headers, body and the served chain", async () => {
    const response = await request("https://oidc.example.com/x", options());
    assert.equal(response.status, 200);
    assert.deepEqual(JSON.parse(response.body.toString()), { host: "oidc.example.com", method: "GET" });
    assert.equal(response.tls?.protocol, "TLSv1.3");
    assert.equal(response.tls.chain.length, 2);
    assert.match(response.tls.chain[1]?.sha1 ?? "", /^[0-9a-f]{40}$/u);
    assert.match(response.tls.chain[0]?.pem ?? "", /^-----BEGIN CERTIFICATE-----\n/u);
  });

  test("a body arrives whatever the method", async () => {
    for (const method of ["POST", "PATCH", "DELETE"]) {
      const sent = { ...options(), method, body: `é of ${method}` };
      const { body } = await request("https://oidc.example.com/echo", sent);
      assert.equal(body.toString(), `é of ${method}`);
    }
  });

  test("gives redirects back, and does not follow them", async () => {
    const response = await request("https://oidc.example.com/away", options());
    assert.equal(response.status, 302);
    assert.equal(response.headers["location"], "http://elsewhere");
  });

  test("a certificate of an unknown root, of another name or out of date is refused", async () => {
    assert.equal(await reason(request("https://oidc.example.com/", { connectTo: via() })), "tls");
    assert.equal(await reason(request("https://other.example.com/", options())), "tls");
    const old = await authority.issue(["old.example.com"], { notAfter: new Date(Date.now() - 1000) });
    const oldPort = await secure({ cert: old.certificate, key: old.key });
    const connectTo = [parseConnectTo(`::127.0.0.1:${oldPort}`)];
    assert.equal(await reason(request("https://old.example.com/", { ca: authority.root, connectTo })), "tls");
  });

  test("a registered thumbprint stands in for a root, and for nothing else", async () => {
    const { tls } = await request("https://oidc.example.com/", options());
    const root = tls?.chain[1]?.sha1 ?? "";
    const known = { connectTo: via(), thumbprints: [root.toUpperCase()] };
    assert.equal((await request("https://oidc.example.com/", known)).status, 200);
    assert.equal(await reason(request("https://other.example.com/", known)), "tls");
    const unknown = { connectTo: via(), thumbprints: ["0".repeat(40)] };
    assert.equal(await reason(request("https://oidc.example.com/", unknown)), "thumbprint");
  });

  for (const keyIdentifiers of [false, true])
    test(`a registered certificate that is only laid beside a forged leaf vouches for nothing, ${keyIdentifiers ? "distinguished by its identifier" : "without identifiers"}`, async () => {
      const forger = await testAuthority("Test Root", { keyIdentifiers });
      const { certificate, key } = await forger.issue(["oidc.example.com", "::1"]);
      const [leaf = ""] = certificate.split(/(?<=-----END CERTIFICATE-----\n)/u);
      const forged = await secure({ cert: leaf + authority.root, key });
      const { tls } = await request("https://oidc.example.com/", options());
      const known = {
        connectTo: [parseConnectTo(`::127.0.0.1:${forged}`)],
        thumbprints: [tls?.chain[1]?.sha1 ?? ""],
      };
      await assert.rejects(
        request("https://oidc.example.com/", known),
        /CERT_SIGNATURE_FAILURE|UNABLE_TO_VERIFY_LEAF_SIGNATURE/u,
      );
    });

  test("with thumbprints an IPv6 address is checked as well", async () => {
    const { certificate, key } = await authority.issue(["::1"]);
    const own = await secure({ cert: certificate, key });
    const { tls } = await request("https://oidc.example.com/", options());
    const known = {
      connectTo: [parseConnectTo(`::127.0.0.1:${own}`)],
      thumbprints: [tls?.chain[1]?.sha1 ?? ""],
    };
    assert.equal((await request("https://[::1]/", known)).status, 200);
    assert.equal(await reason(request("https://[::2]/", known)), "tls");
  });

  test("a password in a URL is refused and not repeated", async () => {
    await assert.rejects(request("https://joe:hunter2@oidc.example.com/x", options()), (error) => {
      assert.ok(error instanceof PodtrustError && error.code === "http-url-invalid");
      assert.doesNotMatch(JSON.stringify(error), /hunter2/u);
      return true;
    });
  });

  test("size and time are bounded, and a cut answer is no answer", async () => {
    assert.equal(
      await reason(request("https://oidc.example.com/large", { ...options(), maxBytes: 4999 })),
      "too-large",
    );
    assert.equal(
      await reason(request("https://oidc.example.com/slow", { ...options(), timeoutMs: 100 })),
      "timeout",
    );
    assert.equal(await reason(request("https://oidc.example.com/cut", options())), "connect");
    const signal = AbortSignal.timeout(50);
    assert.equal(await reason(request("https://oidc.example.com/slow", { ...options(), signal })), "aborted");
  });

  test("answers of status 1xx are skipped, and a server that sends nothing else is given up", async () => {
    assert.equal((await request("https://oidc.example.com/hints", options())).body.toString(), "done");
    const endless = request("https://oidc.example.com/interim", { ...options(), timeoutMs: 60_000 });
    assert.equal(await reason(endless), "protocol");
  });

  test("plain HTTP only where it is allowed; nonsense is a named error", async () => {
    const plain = await listen(plainServer((_incoming, outgoing) => outgoing.end("plain")));
    const url = `http://127.0.0.1:${plain}/`;
    assert.equal(await reason(request(url)), "http-url-invalid");
    assert.equal((await request(url, { allowPlainHttp: true })).body.toString(), "plain");
    assert.equal(await reason(request("nonsense")), "http-url-invalid");
    assert.equal(await reason(request("https://127.0.0.1:1/")), "connect");
    assert.equal(await reason(request("https://no-such-name.invalid/")), "dns");
  });

  test("an address without a route fails at once, also for an observer of the exchange", async () => {
    // Linux refuses TCP to the broadcast address before it sends anything.
    const observer = new ExchangeObserver();
    const refused = request("https://255.255.255.255/", { observer, timeoutMs: 60_000 });
    assert.equal(await reason(refused), "connect");
  });

  const noTcpTable =
    process.platform !== "linux" && "only Linux shows the timers of a connection, in /proc/net/tcp";

  test(
    "TCP itself asks whether the other side of a streamed answer is still there",
    { skip: noTcpTable },
    async () => {
      const silence = { ...options(), silenceMs: 60_000 };
      const timer = await receive("https://oidc.example.com/lasting", silence, () => {
        const server = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
        const lines = readFileSync("/proc/net/tcp", "utf8")
          .split("\n")
          .map((line) => line.trim().split(/\s+/u));
        const ours = lines.find(([, , remote, state]) => remote?.endsWith(server) && state === "01");
        return Promise.resolve(ours?.[5]);
      });
      // 02 is the timer of keep-alive (Linux, net/ipv4/tcp_ipv4.c, get_tcp4_sock).
      assert.match(timer ?? "none", /^02:/u);
    },
  );

  test("an IP address is checked against the certificate's addresses", async () => {
    const { certificate, key } = await authority.issue(["127.0.0.1"]);
    const own = await secure({ cert: certificate, key });
    assert.equal((await request(`https://127.0.0.1:${own}/`, { ca: authority.root })).status, 200);
    assert.equal(await reason(request(`https://127.0.0.1:${port}/`, { ca: authority.root })), "tls");
  });
});
