/** What the judges make of facts that no one fault shows: each is a sound look with one thing changed. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import { caaAuthorities } from "../../src/rules/dns/index.ts";
import { type DoctorFacts, type DoctorReport, reportOf } from "../../src/doctor/index.ts";
import { freePort } from "../support/free-port.ts";
import { testAuthority } from "../support/certificates.ts";
import { ecKey } from "../support/sandbox.ts";
import type { IssuerCause } from "./faults.ts";
import { lookOf } from "./outputs.ts";
import { discoveryWith, host, issuer, key, newWorld, page, type DoctorWorld } from "./world.ts";

const one = "192.0.2.1";
const reasonsOf = ({ findings }: DoctorReport): readonly string[] =>
  findings.map(({ reason }) => reason).filter((reason) => reason !== "NotSeenFromOutside");

/** What was seen of a fault, with more time for each document than a busy machine takes: nothing here is about times. */
async function factsOf(cause: IssuerCause): Promise<DoctorFacts> {
  return { ...(await lookOf(cause)).facts, timeoutMs: 120_000 };
}

/** The causes of a fault's facts after a change. */
async function judged(
  change: Partial<DoctorFacts>,
  of: IssuerCause = "NotSeenFromOutside",
): Promise<readonly string[]> {
  return reasonsOf(reportOf({ ...(await factsOf(of)), ...change }));
}

/** The causes that a look at a world finds. */
async function looked(breakIt: (world: DoctorWorld) => Promise<unknown>): Promise<readonly string[]> {
  const world = await newWorld();
  try {
    world.timeoutMs = 60_000;
    await breakIt(world);
    return reasonsOf(await world.examine());
  } finally {
    await world.close();
  }
}

const name = (answers: DoctorFacts["names"][number]["answers"]) => ({ host, answers });
const having = { server: "ns1.example.test", answer: { addresses: [one] } };
const saying = (error: string) => ({ server: "ns2.example.test", answer: { error } });

describe("the zone", () => {
  const zone = (...servers: readonly (typeof having | ReturnType<typeof saying>)[]) => ({
    zone: "example.test",
    servers,
  });

  test("says nothing where the resolver itself fails, or where no server of it could be asked", async () => {
    const failing = [name([{ error: "ETIMEOUT" }])];
    assert.deepEqual(await judged({ names: failing, zone: zone(having) }), ["NameNotResolved"]);
    assert.deepEqual(await judged({ names: [], zone: zone(having) }), ["NameCached"]);
    const known = [name([{ addresses: [one] }])];
    assert.deepEqual(await judged({ names: known, zone: zone(saying("NOADDRESS"), saying("ETIMEOUT")) }), []);
    assert.deepEqual(await judged({ names: known, zone: zone(saying("EREFUSED")) }), ["DelegationLame"]);
    assert.deepEqual(await judged({ names: known, zone: zone(saying("ENODATA")) }), ["NameOnlyCached"]);
  });

  test("of a top-level domain alone means that nothing below it is delegated, unless it is the issuer's own name", async () => {
    const missing = [name([{ error: "ENOTFOUND" }])];
    assert.deepEqual(await judged({ names: missing, zone: { zone: "test", servers: [] } }), [
      "ZoneNotDelegated",
    ]);
    const own = { issuer: "https://test", names: [{ ...missing[0], host: "test", answers: [] }] };
    assert.ok(!(await judged({ ...own, zone: { zone: "test", servers: [] } })).includes("ZoneNotDelegated"));
  });
});

describe("a name", () => {
  test("that the resolver gives no address and this machine a private one is of two worlds", async () => {
    const names = [
      { ...name([{ error: "ENOTFOUND" }, { addresses: [] }]), own: { addresses: ["10.0.0.7"] } },
    ];
    assert.deepEqual(await judged({ names }), ["ResolversDiffer", "NameMissing"]);
    const same = [{ ...name([{ addresses: [one] }]), own: { error: "ENOTFOUND" } }];
    assert.deepEqual(await judged({ names: same }), []);
  });

  test("that is private here and public for AWS is reported and breaks nothing; the other way round it is broken", async () => {
    const views = (asked: string, own: string) => [
      { ...name([{ addresses: [asked] }]), own: { addresses: [own] } },
    ];
    assert.deepEqual(await judged({ names: views(one, "10.0.0.7") }), ["SplitHorizon"]);
    assert.deepEqual(await judged({ names: views("10.0.0.7", one) }), [
      "ResolversDiffer",
      "EveryAddressPrivate",
    ]);
  });

  test("that the zone has and one resolver lacks is of a cache, and no other world", async () => {
    const names = [{ ...name([{ error: "ENOTFOUND" }]), own: { addresses: [one] } }];
    assert.deepEqual(await judged({ names }), ["ResolversDiffer", "NameMissing"]);
    assert.deepEqual(await judged({ names, zone: { zone: "example.test", servers: [having] } }), [
      "NameCached",
    ]);
  });

  test("that moved is remembered until a time that is known, and has not moved where a server gives both", async () => {
    const { facts } = await lookOf("AddressCached");
    const found = (zone: object) =>
      reportOf({ ...facts, zone: { ...facts.zone, ...zone } as typeof facts.zone & object }).findings.find(
        ({ reason }) => reason === "AddressCached",
      );
    const until = new Date(facts.now + 240_000).toISOString();
    assert.deepEqual(
      [found({})?.verdict, found({})?.seen.endsWith(`for 4 minutes at most, until ${until}`)],
      ["propagating", true],
    );
    // What the resolver says by now is no longer what was given first.
    const moved = { addresses: ["192.0.2.7"], seconds: 60 };
    assert.ok(found({ remembered: moved })?.seen.endsWith("the resolver remembers 192.0.2.9"));
    const both = { server: "ns2.example.test", answer: { addresses: ["192.0.2.9", one] } };
    assert.equal(found({ servers: [having, both] }), undefined);
    assert.equal(reasonsOf(reportOf({ ...facts, fromZone: [] })).includes("AddressCached"), false);
  });

  test("that was not looked at is not said to hold", async () => {
    const facts = await factsOf("NotSeenFromOutside");
    for (const names of [[], [{ host: "other.example.test", answers: [] }]])
      assert.ok(!reportOf({ ...facts, names }).excluded.some(({ link }) => link === "dns"));
  });

  test("of the keys that leads to private addresses is the discovery document's fault", async () => {
    const facts = await factsOf("JwksHostNotCovered");
    const hidden = { host: "keys.example.test", answers: [{ addresses: ["10.0.0.7"] }] };
    assert.ok(
      reasonsOf(reportOf({ ...facts, names: [...facts.names.slice(0, 1), hidden] })).includes(
        "JwksUriPrivate",
      ),
    );
    assert.deepEqual(reasonsOf(reportOf({ ...facts, names: [] })), ["JwksHostNotCovered"]);
  });

  test("of the keys without a listener is reported as that", async () => {
    const seen = await looked(async (world) => {
      page(await world.start(), "discovery", {
        body: discoveryWith({ jwks_uri: "https://keys.example.test/openid/v1/jwks" }),
      });
      world.lead("keys.example.test", await freePort());
    });
    assert.deepEqual(seen, ["ConnectionRefused"]);
  });

  test("with one address that nothing leads to is not to be seen from here", async () => {
    const seen = await looked(async (world) => world.dns({ [`A ${host}`]: ["255.255.255.255"] }));
    assert.deepEqual(seen, ["AddressUnseen"]);
  });
});

describe("a key in plain base64", () => {
  test("is no healthy one: strict readers refuse it, whatever Node makes of it", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const n = Buffer.from(rsa.n ?? "", "base64url").toString("base64");
    const foreign = { ...rsa, n, kid: "plain", use: "sig", alg: "RS256" };
    for (const [keys, reason] of [
      [[foreign], "KeyUnsupported"],
      [[key.jwk, foreign], "KeyLeftOut"],
    ] as const) {
      const seen = await looked(async (world) =>
        page(await world.start(), "jwks", { body: JSON.stringify({ keys }) }),
      );
      assert.deepEqual(seen, [reason]);
    }
  });
});

describe("CAA records", () => {
  const set = (...records: readonly (readonly [string, string])[]) => ({
    caa: [{ name: host, records: records.map(([tag, value]) => ({ critical: false, tag, value })) }],
  });

  test("that allow no CA, or only others, are reported; of a CA that is not known here only the first", async () => {
    assert.deepEqual(await judged(set(["issue", ";"])), ["CaaForbids"]);
    assert.deepEqual(await judged(set(["issue", "ca.example.org; accounturi=https://a/1"])), []);
    assert.deepEqual(await judged(set(["iodef", "mailto:a@example.test"])), []);
    assert.deepEqual(
      await judged(set(["issue", "LetsEncrypt.org; validationmethods=http-01"]), "CaaForbids"),
      [],
    );
    assert.deepEqual(await judged(set(["issue", ";"]), "CaaForbids"), ["CaaForbids"]);
  });

  test("of each common CA are its own, whichever of its domains they name, and shut it out where they name the others alone", async () => {
    const facts = await factsOf("NotSeenFromOutside");
    const ofCa = (ca: string): DoctorFacts => {
      const { discovery } = facts.reading;
      const { tls } = discovery.exchange;
      assert.ok(tls !== undefined);
      const chain = tls.chain.map((served) => ({ ...served, issuer: ca }));
      const exchange = { ...discovery.exchange, tls: { ...tls, chain } };
      return { ...facts, reading: { ...facts.reading, discovery: { ...discovery, exchange } } };
    };
    const issuers = [
      "C=US, O=Let's Encrypt, CN=R12",
      "C=US, O=Google Trust Services, CN=WE1",
      "C=US, O=Amazon, CN=Amazon RSA 2048 M04",
      "C=US, O=DigiCert Inc, CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1",
      "C=GB, O=Sectigo Limited, CN=Sectigo Public Server Authentication CA DV R36",
      "C=BE, O=GlobalSign nv-sa, CN=GlobalSign GCC R6 AlphaSSL CA 2025",
    ];
    for (const ca of issuers) {
      const own = caaAuthorities.find(({ mark }) => mark.test(ca));
      assert.ok(own !== undefined, ca);
      for (const identity of own.identities)
        assert.deepEqual(reasonsOf(reportOf({ ...ofCa(ca), ...set(["issue", identity]) })), [], identity);
      const others = caaAuthorities.filter((other) => other !== own).flatMap(({ identities }) => identities);
      const shut = set(...others.map((identity) => ["issue", identity] as const));
      assert.deepEqual(reasonsOf(reportOf({ ...ofCa(ca), ...shut })), ["CaaForbids"], ca);
    }
  });

  test("that could not be asked for are no finding, unless the zone's servers fail", async () => {
    const failed = (error: string) => ({ caa: [{ name: host, records: [], error }] });
    assert.deepEqual(await judged(failed("ETIMEOUT")), []);
    assert.deepEqual(await judged(failed("ESERVFAIL")), ["CaaUnanswered"]);
    assert.deepEqual(await judged({ ...failed("ESERVFAIL") }, "ConnectionRefused"), [
      "CaaUnanswered",
      "ConnectionRefused",
    ]);
  });
});

describe("port 80", () => {
  const url = `http://${host}/.well-known/acme-challenge/podtrust-doctor`;
  const answer = (status: number, location?: string) => ({
    challenge: { url, status, html: status === 200, ...defined({ location }) },
  });

  test("is as it should be with 404, another token's text, or a redirect to the same host", async () => {
    for (const good of [
      answer(404),
      answer(410),
      answer(301, `https://${host}/`),
      answer(301, "/elsewhere"),
      { challenge: { url, status: 200, html: false } },
      { challenge: { url, error: "ENOTFOUND" } },
    ])
      assert.deepEqual(await judged(good), []);
  });

  test("with a login, a page, a failure or a redirect to nowhere keeps certificates away", async () => {
    for (const bad of [answer(200), answer(401), answer(502), answer(302, "https://["), answer(304)])
      assert.deepEqual(await judged(bad), ["ChallengeSwallowed"]);
  });
});

describe("what stands around the documents", () => {
  test("is no cause where the cache and the origin have the same, or the origin cannot be read", async () => {
    const facts = await factsOf("CacheStale");
    assert.deepEqual(reasonsOf(reportOf({ ...facts, origin: facts.reading })), []);
    const broken = (await factsOf("JwksEmpty")).reading;
    assert.deepEqual(reasonsOf(reportOf({ ...facts, origin: broken })), []);
    assert.ok(!reasonsOf(reportOf({ ...facts, reading: broken, samples: [] })).includes("CacheStale"));
  });

  test("is a key set where other programs put it", async () => {
    const seen = await looked(async (world) => {
      const server = await world.start();
      const keys = server.pages.get("/openid/v1/jwks");
      page(server, "jwks", { status: 404, body: "not found" });
      if (keys !== undefined) server.pages.set("/keys.json", keys);
      server.pages.set("/jwks.json", { body: "<html>a page for every path</html>" });
    });
    assert.deepEqual(seen, ["DocumentElsewhere"]);
  });

  test("is no inner address where a public one serves as well", async () => {
    const facts = await factsOf("LocalVantage");
    assert.deepEqual(reasonsOf(reportOf(facts)), ["LocalVantage"]);
    const [inner] = facts.inside;
    assert.ok(inner !== undefined);
    assert.ok(!reasonsOf(reportOf({ ...facts, addresses: [inner] })).includes("LocalVantage"));
    assert.ok(!reasonsOf(reportOf({ ...facts, inside: [] })).includes("LocalVantage"));
  });
});

describe("a certificate, an answer and a key", () => {
  test("without a chain is untrusted and no more is said", async () => {
    const facts = await factsOf("CertificateUntrusted");
    const { tls: _tls, ...exchange } = facts.reading.discovery.exchange;
    const discovery = { ...facts.reading.discovery, exchange };
    assert.deepEqual(reasonsOf(reportOf({ ...facts, reading: { issuer, discovery } })), [
      "CertificateUntrusted",
    ]);
  });

  test("of Cloudflare's pages is known without its header", async () => {
    const seen = await looked(async (world) => {
      const blocked = { status: 403, headers: { server: "cloudflare" }, body: "<!doctype html>blocked" };
      page(await world.start(), "discovery", blocked);
    });
    assert.deepEqual(seen, ["BotProtection"]);
  });

  test("that is left out has a kid or none", async () => {
    const facts = await factsOf("KeyLeftOut");
    assert.ok(reasonsOf(reportOf(facts)).includes("KeyLeftOut"));
    const seen = await looked(async (world) => {
      const server = await world.start();
      const { keys } = JSON.parse((server.pages.get("/openid/v1/jwks") as { body: string }).body) as {
        keys: object[];
      };
      page(server, "jwks", {
        body: JSON.stringify({ keys: [...keys, { kty: "OKP", crv: "Ed25519", x: "AA" }] }),
      });
    });
    assert.ok(seen.includes("KeyLeftOut"), seen.join(", "));
  });
});

describe("a token", () => {
  const withToken = (claims: object, header: object = {}) =>
    looked(async (world) => {
      await world.start();
      world.sign(claims, header);
    });

  test("of the issuer with a slash, without a kid, or of no issuer is reported as what it is", async () => {
    assert.deepEqual(await withToken({ iss: `${issuer}/` }), ["IssuerSlash"]);
    assert.deepEqual(await withToken({ iss: 5 }), ["TokenIssuerDiffers"]);
    assert.deepEqual(await withToken({ sub: 5 }), ["TokenRefused"]);
    assert.deepEqual(await withToken({}, { kid: undefined }), []);
  });

  test("whose key cannot be used for what stands beside it is refused, and its kid is not said to differ", async () => {
    const [certificate = ""] =
      /(?<=-----BEGIN CERTIFICATE-----)[^-]+/u.exec((await testAuthority()).root) ?? [];
    const x5c = [certificate.replaceAll(/\s/gu, "")];
    const seen = await looked(async (world) => {
      page(await world.start(), "jwks", { body: JSON.stringify({ keys: [{ ...key.jwk, x5c }] }) });
      world.sign();
    });
    assert.ok(seen.includes("TokenRefused") && !seen.includes("TokenKidDiffers"), seen.join(", "));
  });

  test("whose key is published without a kid is reported as such", async () => {
    const seen = await looked(async (world) => {
      const { kid: _kid, ...nameless } = key.jwk;
      page(await world.start(), "jwks", { body: JSON.stringify({ keys: [ecKey("other").jwk, nameless] }) });
      world.sign();
    });
    assert.ok(seen.includes("TokenKidDiffers"), seen.join(", "));
  });

  test("whose documents cannot be had is judged as far as it goes, also from a bundle", async () => {
    const seen = await looked(async (world) => {
      page(await world.start(), "discovery", { status: 500 });
      world.sign();
    });
    assert.deepEqual(seen, ["ServerFailing"]);
  });
});

describe("a look from a machine that was held up itself", () => {
  const held = { lateMs: 3_600_000 };

  test("finds the same where nothing was slow", async () => {
    assert.deepEqual(await judged(held), []);
    assert.deepEqual(await judged(held, "JwksEmpty"), await judged({}, "JwksEmpty"));
  });

  test("takes a later reading where the first did not come in time", async () => {
    const [good, late] = [await factsOf("NotSeenFromOutside"), (await lookOf("ResponseTimeout")).facts];
    const facts = { ...good, reading: late.reading, samples: [good.reading, late.reading], timeoutMs: 1500 };
    assert.ok(reasonsOf(reportOf(facts)).includes("ResponseTimeout"));
    const report = reportOf({ ...facts, ...held });
    assert.deepEqual(reasonsOf(report), ["LookDelayed"]);
    assert.ok(report.excluded.some(({ link }) => link === "jwks"));
  });

  test("says nothing of names, addresses and port 80 for which it only waited", async () => {
    const { facts } = await lookOf("NotSeenFromOutside");
    const late = (await lookOf("ResponseTimeout")).facts.reading;
    const waited = {
      ...facts,
      names: [{ ...name([{ error: "ETIMEOUT" }]), own: { addresses: [one] } }],
      addresses: [
        { address: one, reading: facts.reading },
        { address: "192.0.2.2", reading: late },
      ],
      inside: [{ address: "10.0.0.7", reading: late }],
      origin: late,
      challenge: { url: `http://${host}/`, error: "timeout" },
    };
    assert.ok(reasonsOf(reportOf(waited)).length > 1);
    assert.deepEqual(reasonsOf(reportOf({ ...waited, ...held })), ["LookDelayed"]);
    const kept = {
      ...waited,
      origin: facts.reading,
      challenge: { url: `http://${host}/`, error: "ECONNREFUSED" },
    };
    assert.deepEqual(reasonsOf(reportOf({ ...kept, ...held })), ["ChallengePortClosed", "LookDelayed"]);
  });
});
