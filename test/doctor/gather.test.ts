/** What gathering does where no fault is: without options, when it is ended, and without an answer. */
import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { parseConnectTo } from "../../src/core/http/index.ts";
import { challengeFacts, hasPort80 } from "../../src/doctor/around/challenge.ts";
import { addressesOf, isOfDns, nameFacts } from "../../src/doctor/dns/names.ts";
import { caaFacts } from "../../src/doctor/dns/caa.ts";
import { zoneFacts } from "../../src/doctor/dns/zone.ts";
import { dnsCode, withResolver } from "../../src/doctor/dns/resolver.ts";
import { bundleOf, factsOfBundle, reportOf } from "../../src/doctor/index.ts";
import { BundleValue } from "../../src/doctor/bundle/schema.ts";
import { loopbackDns } from "../support/loopback-dns.ts";
import { lookOf } from "./outputs.ts";
import { newWorld, page } from "./world.ts";
import { maxWait } from "../support/until.ts";

const signal = new AbortController().signal;

/** A name server on loopback in which each name exists, with addresses for those that have some. */
async function answering(
  t: { after: (end: () => void) => void },
  addresses: Readonly<Record<string, string>> = {},
): Promise<string> {
  const server = await loopbackDns((question) => {
    const value = addresses[question];
    if (question.startsWith("NS ")) return [{ type: "NS", value: "ns1.example.test" }];
    return value === undefined ? "empty" : [{ type: "A", value }];
  });
  t.after(server.close);
  return `127.0.0.1:${server.port}`;
}

describe("DNS", () => {
  test("is asked by this machine's own resolver where no other is given", async () => {
    const found = await nameFacts("localhost", { signal });
    assert.ok(isOfDns(found) && addressesOf(found).length > 0, JSON.stringify(found));
    assert.deepEqual(await nameFacts("192.0.2.1", { signal }), {
      host: "192.0.2.1",
      answers: [{ addresses: ["192.0.2.1"] }],
    });
  });

  test("is asked no more when the look is ended", async () => {
    const ending = new AbortController();
    const asked = withResolver("192.0.2.1", { timeout: 60_000, tries: 1, signal: ending.signal }, (client) =>
      client.resolve4("oidc.example.test"),
    );
    ending.abort();
    await assert.rejects(asked, { code: "ECANCELLED" });
    assert.equal(dnsCode(new Error("none of c-ares")), "UNKNOWN");
  });

  test("of a name without records ends the climb for CAA at the top, and asks no server without an address", async (t) => {
    const resolver = await answering(t);
    const climbed = await caaFacts("oidc.example.test", { resolver, signal });
    assert.deepEqual(
      climbed.map(({ name, error }) => [name, error]),
      [
        ["oidc.example.test", "ENODATA"],
        ["example.test", "ENODATA"],
        ["test", "ENODATA"],
      ],
    );
    assert.deepEqual(await zoneFacts("oidc.example.test", { resolver, signal }), {
      zone: "oidc.example.test",
      servers: [{ server: "ns1.example.test", answer: { error: "NOADDRESS" } }],
    });
  });

  test("asks a zone's server at its own address by default", async (t) => {
    const resolver = await answering(t, { "A ns1.example.test": "127.0.0.1" });
    const own = await zoneFacts("oidc.example.test", { resolver, signal });
    assert.ok(own?.servers[0] !== undefined && "error" in own.servers[0].answer, JSON.stringify(own));
    const other = await zoneFacts("oidc.example.test", { resolver, signal, serverAt: () => resolver });
    assert.deepEqual(other?.servers[0]?.answer, { error: "ENODATA" });
  });
});

describe("port 80", () => {
  const rule = (text: string) => ({ connectTo: [parseConnectTo(text)] });

  test("is there unless --connect-to leads 443 elsewhere and says nothing of it", () => {
    assert.equal(hasPort80("a.example", {}), true);
    assert.equal(hasPort80("a.example", rule("a.example:443:127.0.0.1:8443")), false);
    assert.equal(hasPort80("a.example", rule("a.example:443:a.example:8443")), false);
    assert.equal(hasPort80("a.example", rule("a.example::127.0.0.1:8443")), true);
    assert.equal(
      hasPort80("a.example", {
        connectTo: [
          ...rule("a.example:443:a.example:8443").connectTo,
          parseConnectTo("a.example:80:a.example:8080"),
        ],
      }),
      true,
    );
  });

  test("of an ACME client that has no such token answers 404 and no more", async (t) => {
    const server = createHttpServer((_request, response) => void response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const options = { route: rule(`a.example:80:127.0.0.1:${port}`), timeoutMs: maxWait, signal };
    const { url: _url, ...seen } = await challengeFacts("https://a.example", options);
    assert.deepEqual(seen, { status: 404, html: false });
  });

  test("that says nothing is given up in time, and at once when the look is ended", async (t) => {
    const server = createServer((socket) => void socket.on("error", () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const route = rule(`a.example:80:127.0.0.1:${port}`);
    const options = { route, timeoutMs: 50, signal };
    assert.deepEqual(await challengeFacts("https://a.example", options), {
      url: "http://a.example/.well-known/acme-challenge/podtrust-doctor",
      error: "timeout",
    });
    await assert.rejects(
      challengeFacts("https://a.example", { ...options, signal: AbortSignal.abort(new Error("over")) }),
      /over/u,
    );
    const own = await challengeFacts("https://127.0.0.1", { timeoutMs: 1000, signal });
    assert.ok("error" in own || own.status > 0);
  });
});

describe("a bundle", () => {
  test("has lists and texts of bounded length, and truth that is either", () => {
    assert.throws(
      () => new BundleValue("x".repeat(9), "a").text(8),
      /a of the bundle is longer than 8 characters/u,
    );
    assert.throws(() => new BundleValue([1, 2, 3], "a").list(2), /has more than 2 members/u);
    assert.throws(() => new BundleValue("true", "a").boolean(), /is neither true nor false/u);
    assert.throws(() => new BundleValue(0.5, "a").index(2), /is no whole number/u);
    const two = new BundleValue({ b: "x", c: null }, "a");
    assert.throws(() => two.entries(1), /a of the bundle has more than 1 members/u);
    assert.deepEqual(
      two.entries().map(([name, part]) => [name, part.isText, part.isNull]),
      [
        ["b", true, false],
        ["c", false, true],
      ],
    );
  });

  test("of a token whose keys cannot be read, or were not asked for, is judged as it was here", async () => {
    for (const document of ["discovery", "jwks"] as const) {
      const world = await newWorld();
      try {
        page(await world.start(), document, { status: 200, body: "no JSON" });
        world.sign();
        const facts = await world.look();
        const report = reportOf(facts);
        assert.deepEqual(reportOf(factsOfBundle(JSON.stringify(bundleOf(facts)))), report);
      } finally {
        await world.close();
      }
    }
  });

  test("keeps what answered on port 80, and how", async () => {
    const { facts } = await lookOf("ChallengeSwallowed");
    for (const challenge of [facts.challenge, { url: "http://a.example/", status: 404, html: false }]) {
      assert.ok(challenge !== undefined);
      const kept = factsOfBundle(JSON.stringify(bundleOf({ ...facts, challenge })));
      assert.deepEqual(kept.challenge, challenge);
    }
  });
});
