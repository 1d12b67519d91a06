import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { defined } from "../core/base/index.ts";
import { parseConnectTo } from "../core/http/index.ts";
import { kubernetesKid } from "../rules/keys/index.ts";
import { testAuthority } from "../../test/support/certificates.ts";
import { discoveryOf, type IssuerServer, startIssuer } from "../../test/support/issuer-server.ts";
import { ecKey } from "../../test/support/sandbox.ts";
import { maxWait } from "../../test/support/until.ts";
import { awsBounds, type IssuerReading, judgeIssuer, readIssuer, servedDocuments } from "./index.ts";

const authority = await testAuthority();
const key = ecKey("first");
const jwk = { ...key.jwk, kid: kubernetesKid(key.jwk) };
const paths = { discovery: "/.well-known/openid-configuration", jwks: "/openid/v1/jwks" } as const;

describe("what a reading of an issuer means", () => {
  let server: IssuerServer;
  before(async () => {
    server = await startIssuer(authority);
  });
  after(() => server.close());

  async function reasons(change: () => void): Promise<readonly string[]> {
    server.publish([jwk]);
    change();
    const route = { ca: authority.root, connectTo: server.connectTo };
    // AWS's own five seconds may pass on a busy machine, too.
    const reading = await readIssuer(server.issuer, { route, bounds: { timeoutMs: maxWait } });
    return judgeIssuer(reading).findings.map(({ document, reason }) => `${document}: ${reason}`);
  }

  const page = (name: keyof typeof paths, body: string | object, headers = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    server.pages.set(paths[name], { body: text, headers });
  };
  const unlike = (change: object) => ({ ...(JSON.parse(discoveryOf(server.issuer)) as object), ...change });

  test("nothing is said of an issuer with which nothing is wrong", async () => {
    assert.deepEqual(await reasons(() => undefined), []);
  });

  const misdeeds: readonly [string, () => void, readonly string[]][] = [
    ["no document", () => server.pages.clear(), ["discovery: UnexpectedStatus"]],
    [
      "a redirect",
      () =>
        server.pages.set(paths.jwks, { status: 302, headers: { location: `${server.issuer}/elsewhere` } }),
      ["jwks: RedirectNotFollowed"],
    ],
    ["HTML with status 200", () => page("discovery", "<p>"), ["discovery: DiscoveryInvalid"]],
    [
      "the document of another issuer",
      () => page("discovery", unlike({ issuer: `${server.issuer}/` })),
      ["discovery: IssuerMismatch"],
    ],
    [
      "no algorithm that AWS verifies",
      () => page("discovery", unlike({ id_token_signing_alg_values_supported: ["EdDSA"] })),
      ["discovery: DiscoveryUnusual"],
    ],
    [
      "no jwks_uri",
      () => page("discovery", unlike({ jwks_uri: undefined })),
      ["discovery: DiscoveryInvalid"],
    ],
    [
      "a jwks_uri over plain HTTP",
      () => page("discovery", unlike({ jwks_uri: "http://127.0.0.1/keys" })),
      ["discovery: DiscoveryInvalid", "jwks: DiscoveryInvalid"],
    ],
    ["no key", () => page("jwks", { keys: [] }), ["jwks: JwksInvalid"]],
    [
      "a key with key_ops, served as text",
      () => page("jwks", { keys: [{ ...key.jwk, key_ops: ["verify"] }] }, { "content-type": "text/plain" }),
      ["jwks: MediaTypeUnusual", "jwks: JwksUnusual", "jwks: JwksUnusual"],
    ],
    [
      "a hundred and one keys of one type",
      () => page("jwks", { keys: Array.from({ length: 101 }, (_, n) => ecKey(`key-${n}`).jwk) }),
      ["jwks: JwksInvalid"],
    ],
    [
      "more bytes than are read",
      () => page("jwks", " ".repeat(awsBounds.jwksBytes + 1)),
      ["jwks: ResponseTooLarge"],
    ],
    [
      "a body that is cut off",
      () =>
        server.pages.set(paths.jwks, (_request, response) => {
          response.writeHead(200, { "content-length": "100" }).write("{");
          setTimeout(() => response.destroy(), 20);
        }),
      ["jwks: ResponseInvalid"],
    ],
  ];
  for (const [what, change, expected] of misdeeds) {
    test(`an issuer with ${what} is reported by ${expected[0]}`, async () => {
      const found = await reasons(change);
      assert.deepEqual(found.slice(0, expected.length), expected);
    });
  }

  test("an issuer with a body that does not end is reported by jwks: ResponseTimeout, and where the time went is said", async () => {
    server.publish([jwk]);
    server.pages.set(paths.jwks, (_request, response) => void response.write("{"));
    const route = { ca: authority.root, connectTo: server.connectTo };
    /** As little time as this machine needs to get as far as the first byte of the keys. */
    const read = async (timeoutMs: number): Promise<IssuerReading> => {
      const reading = await readIssuer(server.issuer, { route, bounds: { timeoutMs } });
      const isThere = reading.jwks?.exchange.timing.firstByte !== undefined;
      return isThere || timeoutMs > maxWait ? reading : read(2 * timeoutMs);
    };
    const [finding] = judgeIssuer(await read(100)).findings;
    assert.deepEqual([finding?.document, finding?.reason], ["jwks", "ResponseTimeout"]);
    assert.match(
      finding?.seen ?? "",
      /connected after [\d.]+ ms, TLS after .+, first byte after .+, no last byte$/u,
    );
  });

  test("the same reading as the rules of STS take it: both texts, or the first that cannot be had", async () => {
    const route = { ca: authority.root, connectTo: server.connectTo };
    const served = async () => servedDocuments(await readIssuer(server.issuer, { route }));
    server.publish([key.jwk]);
    const good = await served();
    assert.ok(good.ok);
    assert.match(good.jwks, /"first"/u);
    page("discovery", unlike({ jwks_uri: undefined }));
    const bad = await served();
    assert.deepEqual(bad.ok ? bad : [bad.at, bad.reason], ["discovery", "invalid"]);
  });
});

describe("what is seen of an exchange", () => {
  const servers: { close(): unknown }[] = [];
  after(() => Promise.all(servers.map((one) => one.close())));

  async function issuer(...args: [Parameters<typeof startIssuer>[1]?]): Promise<IssuerServer> {
    const server = await startIssuer(authority, ...args);
    servers.push(server);
    server.publish([key.jwk]);
    return server;
  }

  test("times of each phase, the address, TLS version, chain, headers and bytes", async () => {
    const server = await issuer();
    const route = { ca: authority.root, connectTo: server.connectTo };
    const { discovery, jwks } = await readIssuer(server.issuer, { route });
    assert.ok(discovery.outcome === "answered" && jwks?.outcome === "answered");
    const { timing, attempts, tls, received, status } = jwks.exchange;
    const marks = [timing.connect, timing.tls, timing.firstByte, timing.lastByte].map(Number);
    assert.deepEqual(
      marks,
      marks.toSorted((a, b) => a - b),
      JSON.stringify(timing),
    );
    assert.ok(marks.every((mark) => mark >= 0));
    assert.equal(timing.dns, undefined, "there was no name to look up");
    assert.deepEqual(attempts, [{ address: "127.0.0.1", port: server.connectTo[0]?.toPort }]);
    assert.equal(tls?.protocol, "TLSv1.3");
    assert.equal(tls.chain[0]?.subject, "CN=oidc.example.test");
    assert.equal(status, 200);
    assert.equal(received, jwks.response.body.length);
    assert.equal(jwks.response.headers["content-type"], "application/json");
  });

  test("a name is looked up, and what it resolves to is reported", async () => {
    const server = await issuer();
    const port = server.connectTo[0]?.toPort;
    const connectTo = [parseConnectTo(`${server.host}:443:localhost:${port}`)];
    const { exchange } = (await readIssuer(server.issuer, { route: { ca: authority.root, connectTo } }))
      .discovery;
    assert.ok(exchange.resolved.includes("127.0.0.1"), JSON.stringify(exchange.resolved));
    assert.ok(Number(exchange.timing.dns) >= 0);
    assert.ok(exchange.attempts.some(({ address, error }) => address === "127.0.0.1" && error === undefined));
  });

  const chains: readonly [string, Parameters<typeof startIssuer>[1], string | undefined, string][] = [
    ["has expired", { expired: true }, authority.root, "CertificateExpired"],
    [
      "names another host",
      { certificateNames: ["other.example.test"] },
      authority.root,
      "CertificateNameMismatch",
    ],
    ["no root vouches for", {}, undefined, "CertificateUntrusted"],
  ];
  for (const [what, options, ca, reason] of chains) {
    test(`a certificate that ${what} is reported by ${reason}, and its chain is seen all the same`, async () => {
      const server = await issuer(options);
      const route = { connectTo: server.connectTo, ...defined({ ca }) };
      const reading = await readIssuer(server.issuer, { route });
      assert.equal(judgeIssuer(reading).findings[0]?.reason, reason);
      assert.equal(reading.discovery.outcome, "failed");
      assert.ok((reading.discovery.exchange.tls?.chain.length ?? 0) > 0);
      assert.deepEqual(server.requests, [], "nothing is asked of a server that is not trusted");
    });
  }

  test("a server that says nothing or speaks no TLS, a port that is closed, a name that does not exist", async () => {
    const mute: Server = createServer(() => undefined);
    const silent: Server = createServer((socket) => socket.end("no TLS here"));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const ask = async (where: string): Promise<unknown> => {
      const connectTo = [parseConnectTo(`oidc.example.test:443:${where}`)];
      const bounds = { timeoutMs: where.startsWith("nowhere") ? 5000 : 500 };
      const reading = await readIssuer("https://oidc.example.test", { route: { connectTo }, bounds });
      return judgeIssuer(reading).findings[0]?.reason;
    };
    assert.equal(await ask(`127.0.0.1:${(mute.address() as AddressInfo).port}`), "TlsFailed");
    mute.close();
    assert.equal(await ask(`127.0.0.1:${port}`), "TlsFailed");
    silent.close();
    assert.equal(await ask(`127.0.0.1:${port}`), "ConnectionFailed");
    assert.equal(await ask("nowhere.invalid:443"), "NameNotResolved");
  });
});
