/** A hostile issuer that would have doctor ask services of the network in which a person runs it, and carry the answer away. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import { describe, test } from "node:test";
import type { DoctorFacts } from "../../src/doctor/index.ts";
import { bundleOf, factsOfBundle, gatherFacts, reportOf } from "../../src/doctor/index.ts";
import { mayConnect } from "../../src/doctor/reach.ts";
import { zoneFacts } from "../../src/doctor/dns/zone.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConnectTo } from "../../src/core/http/index.ts";
import { loopbackDns } from "../support/loopback-dns.ts";
import { discoveryWith, host, newWorld, page, type DoctorWorld } from "./world.ts";

/** What an inner service answers to whoever reaches it. */
const secretAnswer = JSON.stringify({
  keys: [],
  host: "db.corp",
  password: "planted-password",
  note: "planted",
});

/** A service on loopback with a certificate for each of its names, and every connection to it. */
class InnerService {
  readonly port: number;
  connections = 0;
  readonly asked: string[] = [];

  constructor(server: Server) {
    this.port = (server.address() as { port: number }).port;
    server.on("connection", () => (this.connections += 1));
    server.on("request", ({ url }: { url: string }) => this.asked.push(url));
  }

  static async start(world: DoctorWorld): Promise<InnerService> {
    const leaf = await world.authority.issue(["localhost", "127.0.0.1", "inner.localhost"]);
    const server = createServer({ cert: leaf.certificate, key: leaf.key }, (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", server: "planted-server" });
      response.end(secretAnswer);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    world.atEnd(() => server.close());
    return new InnerService(server);
  }
}

/** What doctor sees of an issuer that names an inner service as the place of its keys, and what comes of that there. */
async function lookAt(
  uriOf: (port: number) => string,
  all?: boolean,
): Promise<{ readonly facts: DoctorFacts; readonly inner: InnerService }> {
  const world = await newWorld();
  try {
    const inner = await InnerService.start(world);
    world.private = all;
    page(await world.start(), "discovery", { body: discoveryWith({ jwks_uri: uriOf(inner.port) }) });
    return { facts: await world.look(), inner };
  } finally {
    await world.close();
  }
}

const reasonsOf = (facts: DoctorFacts): readonly string[] =>
  reportOf(facts).findings.map(({ reason }) => reason);

describe("an issuer whose jwks_uri names an inner service", () => {
  const names = ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "inner.localhost", "2130706433"];
  for (const name of names) {
    test(`as ${name}: no connection comes there, and what is wrong is named all the same`, async () => {
      const { facts, inner } = await lookAt((port) => `https://${name}:${port}/admin/restart?now=1`);
      assert.equal(inner.connections, 0, inner.asked.join(" "));
      assert.ok(reasonsOf(facts).includes("JwksUriPrivate"), reasonsOf(facts).join(" "));
      assert.deepEqual(reasonsOf(factsOfBundle(JSON.stringify(bundleOf(facts)))), reasonsOf(facts));
    });
  }

  test("with --private is asked, and of what it answers a bundle keeps nothing", async () => {
    const { facts, inner } = await lookAt((port) => `https://localhost:${port}/admin`, true);
    assert.ok(inner.asked.includes("/admin"));
    assert.doesNotMatch(JSON.stringify(bundleOf(facts)), /planted-password|"note|db\.corp/u);
  });

  test("under the issuer's own name, led by --connect-to to another port, gets nothing but what was typed", async () => {
    const world = await newWorld();
    try {
      const inner = await InnerService.start(world);
      const uri = `https://${host}:${inner.port}/openid/v1/jwks`;
      page(await world.start(), "discovery", { body: discoveryWith({ jwks_uri: uri }) });
      await world.look();
      assert.equal(inner.connections, 0);
    } finally {
      await world.close();
    }
  });
});

describe("a name that leads to a private address", () => {
  test("is not asked there, and with --private it is", async () => {
    const world = await newWorld();
    try {
      await world.dns({ [`A ${host}`]: ["127.0.0.99"] });
      const facts = await world.look();
      assert.deepEqual(facts.reading.discovery.exchange.attempts, []);
      assert.deepEqual(reasonsOf(facts), ["EveryAddressPrivate", "AddressUnseen", "NotSeenFromOutside"]);
      assert.match(reportOf(facts).findings[1]?.next ?? "", /--private/u);
      world.private = true;
      const [tried] = (await world.look()).reading.discovery.exchange.attempts;
      assert.equal(tried?.address, "127.0.0.99");
    } finally {
      await world.close();
    }
  });

  test("as the name server of a hostile zone is not asked either", async () => {
    let asked = 0;
    const inner = await loopbackDns(() => {
      asked += 1;
      return "empty";
    });
    const resolver = await loopbackDns((question) =>
      question.startsWith("NS ")
        ? [{ type: "NS", value: "ns1.example.test" }]
        : question === "A ns1.example.test"
          ? [{ type: "A", value: "127.0.0.1" }]
          : "empty",
    );
    try {
      const typed = { issuer: `https://${host}`, connectTo: [], private: false };
      const options = {
        resolver: `127.0.0.1:${resolver.port}`,
        serverAt: () => `127.0.0.1:${inner.port}`,
        mayConnect: mayConnect(typed),
        signal: new AbortController().signal,
      };
      const zone = await zoneFacts(host, options);
      assert.deepEqual(zone?.servers, [{ server: "ns1.example.test", answer: { error: "NOADDRESS" } }]);
      assert.equal(asked, 0);
    } finally {
      resolver.close();
      inner.close();
    }
  });
});

describe("what a person typed", () => {
  test("is asked as typed where it is an address or localhost", async () => {
    for (const name of ["127.0.0.1", "localhost"]) {
      const world = await newWorld();
      try {
        const inner = await InnerService.start(world);
        world.issuer = `https://${name}:${inner.port}`;
        await world.look();
        assert.ok(inner.asked.includes("/.well-known/openid-configuration"), name);
        // Without --connect-to and --ca it is no other.
        const { connections } = inner;
        const { signal } = new AbortController();
        await gatherFacts({ issuer: world.issuer, clock: systemClock, signal });
        assert.ok(inner.connections > connections);
      } finally {
        await world.close();
      }
    }
  });

  const place = (issuer: string, all = false, ...rules: readonly string[]) =>
    mayConnect({ issuer, connectTo: rules.map(parseConnectTo), private: all });

  test("has the say on addresses of this link, and --private has none", () => {
    for (const address of [
      "169.254.169.254",
      "fe80::1",
      "fd00:ec2::254",
      "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe",
    ]) {
      assert.equal(place("https://a.example", true)(address, 443), false, address);
      assert.equal(place("https://a.example", false, `a.example:443:[${address}]:`)(address, 443), true);
    }
    assert.equal(place("https://169.254.169.254")("169.254.169.254", 443), true);
    assert.equal(place("https://169.254.169.254")("169.254.169.254", 80), false);
    assert.equal(place("https://[fe80::1]:8443")("fe80::1", 8443), true);
  });

  test("is all that a company's proxy is asked for by name: it finds inner services, too", () => {
    assert.equal(place("https://oidc.example.test")("oidc.example.test", 443), true);
    assert.equal(place("https://oidc.example.test")("admin.corp.example", 443), false);
    assert.equal(place("https://oidc.example.test", true)("admin.corp.example", 443), true);
  });

  test("is not the rest of its network: another private address, another port, another machine behind localhost", () => {
    const may = place(
      "https://10.0.0.5:6443",
      false,
      "a.example:443:192.168.0.9:8443",
      "b.example:443:10.0.0.6:",
    );
    const asked = {
      "10.0.0.5": 6443,
      "192.168.0.9": 8443,
      "10.0.0.6": 443,
      "93.184.215.14": 8443,
      "2606:4700::1": 443,
    };
    for (const [address, port] of Object.entries(asked)) assert.equal(may(address, port), true, address);
    const others = {
      "10.0.0.5": 443,
      "192.168.0.9": 443,
      "10.0.0.6": 8443,
      "10.0.0.7": 6443,
      "2002:a00:5::": 6443,
    };
    for (const [address, port] of Object.entries(others)) assert.equal(may(address, port), false, address);
    assert.equal(place("https://localhost")("10.0.0.5", 443), false);
    assert.equal(place("https://10.0.0.5")("10.0.0.7", 443), false);
    assert.equal(place("https://a.example", true)("10.0.0.7", 443), true);
  });
});
