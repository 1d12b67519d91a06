import assert from "node:assert/strict";
import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { parseConnectTo } from "../../src/core/http/index.ts";
import type { StandInCa } from "../../src/sandbox/ca/index.ts";
import { newKeyPair } from "../../src/core/x509/index.ts";
import { account, CaWorld, client, csr, decided, kindOf } from "./ca-world.ts";

let world: CaWorld;
let ca: StandInCa;

/** RFC 9773 §4.1 of a chain, by what OpenSSL reads in it: SHA-1 of the issuer's point on P-256, and the serial number. */
function renewalId(chain: string): string {
  const [leaf, issuer] = chain.split(/(?=-----BEGIN)/u).map((pem) => new X509Certificate(pem));
  const point = issuer?.publicKey.export({ type: "spki", format: "der" }).subarray(-65) ?? Buffer.of();
  const keyId = createHash("sha1").update(point).digest("base64url");
  return `${keyId}.${Buffer.from(leaf?.serialNumber ?? "", "hex").toString("base64url")}`;
}

describe("the stand-in CA", () => {
  before(async () => {
    world = await CaWorld.start();
    ca = await world.startCa();
  });

  after(() => world.close());

  test("issues a chain to its root, for the name, after HTTP-01", async () => {
    const { acme, kid } = await account(ca);
    const chain = await world.certificate(acme, kid);
    const [leaf, intermediate] = (chain.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/gu) ?? []).map(
      (pem) => new X509Certificate(pem),
    );
    assert.ok(leaf !== undefined && intermediate !== undefined);
    const root = new X509Certificate(ca.root);
    assert.ok(leaf.verify(intermediate.publicKey) && leaf.checkIssued(intermediate));
    assert.ok(intermediate.verify(root.publicKey) && intermediate.checkIssued(root) && intermediate.ca);
    assert.equal(leaf.checkHost("oidc.example.com"), "oidc.example.com");
    assert.equal(leaf.ca, false);
    assert.equal(Date.parse(leaf.validTo), world.clock.now() + 90 * 24 * 3_600_000);
    assert.ok(world.challenged.asked.at(-1)?.startsWith("oidc.example.com/.well-known/acme-challenge/"));
    assert.equal(ca.issued().at(-1), chain);
  });

  test("makes an order invalid and says why, after a wrong key authorization, none, or no connection", async () => {
    const { acme, kid } = await account(ca);
    const other = await world.ordered(acme, kid, { hold: () => "something-else" });
    assert.deepEqual([other.authorizations[0]?.status, other.order.status], ["invalid", "invalid"]);
    assert.equal(kindOf(other.order.error ?? {}), "incorrectResponse");
    const nobody = await world.startCa({ connectTo: [parseConnectTo("::127.0.0.1:1")] });
    const alone = await account(nobody);
    const { order } = await world.ordered(alone.acme, alone.kid);
    assert.equal(kindOf(order.error ?? {}), "connection");
    const early = await alone.acme.post(order.finalize ?? "", { kid: alone.kid, payload: { csr: "AA" } });
    assert.equal(kindOf(early.json), "orderNotReady");
  });

  test("takes two names in one order, wildcards by DNS-01 alone, and no name that no certificate is for", async () => {
    const { acme, kid } = await account(ca);
    const two = await world.ordered(acme, kid, {
      names: ["a.example.com", "B.example.com", "a.example.com"],
    });
    assert.deepEqual([two.order.status, two.authorizations.length], ["ready", 2]);
    const ask = async (identifier: object): Promise<string | undefined> =>
      kindOf((await acme.post(acme.url("newOrder"), { kid, payload: { identifiers: [identifier] } })).json);
    assert.equal(await ask({ type: "ip", value: "192.0.2.1" }), "unsupportedIdentifier");
    for (const value of ["localhost", "192.0.2.1", "a..b", "-a.example", "a.example.", "*.*.example.com"]) {
      assert.equal(await ask({ type: "dns", value }), "rejectedIdentifier", value);
    }
    assert.equal(await ask({ type: "dns", value: "*.example.com" }), "rejectedIdentifier");
  });

  test("reads the digest of DNS-01 from the resolver, for wildcards too", async () => {
    const records = new Map<string, string>();
    const resolveTxt = async (name: string): Promise<readonly string[]> => [records.get(name) ?? ""];
    const { acme, kid } = await account(await world.startCa({ resolveTxt }));
    const identifiers = [{ type: "dns", value: "*.example.com" }];
    const made = await acme.post(acme.url("newOrder"), { kid, payload: { identifiers } });
    const url = made.json.authorizations?.[0] ?? "";
    const { json } = await acme.post(url, { kid, payload: "" });
    assert.deepEqual([json.wildcard, json.challenges?.map((one) => one.type)], [true, ["dns-01"]]);
    const [challenge] = json.challenges ?? [];
    const digest = await webcrypto.subtle.digest(
      "SHA-256",
      Buffer.from(`${challenge?.token ?? ""}.${acme.thumbprint()}`),
    );
    records.set("_acme-challenge.example.com", Buffer.from(digest).toString("base64url"));
    await acme.post(challenge?.url ?? "", { kid });
    assert.equal((await decided(acme, kid, url)).status, "valid");
  });

  test("refuses a CSR for other names, by the account's key, or damaged", async () => {
    const keys = await newKeyPair();
    const mine = await client(ca, keys.privateKey);
    const made = await mine.post(mine.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
    const kid = made.headers["location"] ?? "";
    const { order, url } = await world.ordered(mine, kid);
    const good = await csr(["oidc.example.com"]);
    const damaged = Buffer.from(good, "base64url");
    damaged[damaged.length - 5] = (damaged[damaged.length - 5] ?? 0) ^ 1;
    const bad = [
      await csr(["oidc.example.com", "other.example.com"]),
      await csr(["other.example.com"]),
      await csr(["oidc.example.com"], keys),
      damaged.toString("base64url"),
      "not base64url!",
      "AAAA",
    ];
    for (const text of bad) {
      const { json } = await mine.post(order.finalize ?? "", { kid, payload: { csr: text } });
      assert.equal(kindOf(json), "badCSR", text.slice(0, 20));
    }
    // A bad CSR does not spoil the order (RFC 8555 §7.4).
    assert.equal((await mine.post(url, { kid, payload: "" })).json.status, "ready");
    assert.equal(
      (await mine.post(order.finalize ?? "", { kid, payload: { csr: good } })).json.status,
      "valid",
    );
  });

  test("shows an account neither order, authorization nor certificate of another", async () => {
    const { acme, kid } = await account(ca);
    const { url, order } = await world.ordered(acme, kid);
    const payload = { csr: await csr(["oidc.example.com"]) };
    const { json } = await acme.post(order.finalize ?? "", { kid, payload });
    const other = await account(ca);
    for (const one of [url, order.authorizations?.[0], json.certificate, kid]) {
      const answer = await other.acme.post(one ?? "", { kid: other.kid, payload: "" });
      assert.deepEqual([kindOf(answer.json), answer.status], ["unauthorized", 403]);
    }
    assert.equal(json.status, "valid");
  });

  test("leaves an order processing with Retry-After, then valid, when it issues later", async () => {
    const { acme, kid } = await account(await world.startCa({ issuesLater: true }));
    const { url, order } = await world.ordered(acme, kid);
    const payload = { csr: await csr(["oidc.example.com"]) };
    const first = await acme.post(order.finalize ?? "", { kid, payload });
    assert.deepEqual([first.json.status, first.headers["retry-after"]], ["processing", "1"]);
    const statuses: unknown[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await acme.post(url, { kid, payload: "" })).json.status);
    assert.deepEqual(statuses, ["processing", "processing", "valid"]);
  });

  test("gives certificates the life of their profile, and refuses an unknown profile", async () => {
    const { acme, kid } = await account(ca);
    const leaf = new X509Certificate(await world.certificate(acme, kid, { profile: "shortlived" }));
    assert.equal(Date.parse(leaf.validTo), world.clock.now() + 6 * 24 * 3_600_000);
    const identifiers = [{ type: "dns", value: "oidc.example.com" }];
    const payload = { identifiers, profile: "none" };
    assert.equal(kindOf((await acme.post(acme.url("newOrder"), { kid, payload })).json), "invalidProfile");
  });

  test("suggests renewal in the last third of a life or at once when told to, and takes one replacement each", async () => {
    const { acme, kid } = await account(ca);
    const chain = await world.certificate(acme, kid);
    const id = renewalId(chain);
    const read = async (): Promise<{ start: number; end: number; explanationURL?: string }> => {
      const answer = await acme.get(`${acme.url("renewalInfo")}/${id}`);
      assert.equal(answer.headers["retry-after"], "21600");
      const { suggestedWindow, explanationURL } = JSON.parse(answer.body.toString()) as {
        suggestedWindow: { start: string; end: string };
        explanationURL: string;
      };
      const { start, end } = suggestedWindow;
      return { start: Date.parse(start), end: Date.parse(end), explanationURL };
    };
    const day = 24 * 3_600_000;
    const calm = await read();
    assert.ok(Math.abs(calm.start - world.clock.now() - 60 * day) < 3_600_000);
    assert.ok(calm.end > calm.start);
    ca.suggestRenewal(chain, "https://stand-in.invalid/incident");
    const urgent = await read();
    assert.ok(urgent.end < world.clock.now() && urgent.start < urgent.end);
    assert.equal(urgent.explanationURL, "https://stand-in.invalid/incident");
    assert.equal((await acme.get(`${acme.url("renewalInfo")}/AAAA.BBBB`)).status, 400);

    const failed = await world.ordered(acme, kid, { hold: () => "wrong", more: { replaces: id } });
    assert.equal(failed.order.status, "invalid");
    await world.certificate(acme, kid, { replaces: id });
    const identifiers = [{ type: "dns", value: "oidc.example.com" }];
    const twice = await acme.post(acme.url("newOrder"), { kid, payload: { identifiers, replaces: id } });
    assert.deepEqual([kindOf(twice.json), twice.status], ["alreadyReplaced", 409]);
  });

  test("revokes a certificate for its account, once, for a reason that is the subscriber's", async () => {
    const { acme, kid } = await account(ca);
    const der = new X509Certificate(await world.certificate(acme, kid)).raw.toString("base64url");
    const url = acme.url("revokeCert");
    const other = await account(ca);
    const ask = async (of: typeof other, reason: number): Promise<string> => {
      const { json, status } = await of.acme.post(url, {
        kid: of.kid,
        payload: { certificate: der, reason },
      });
      return kindOf(json) ?? String(status);
    };
    assert.equal(await ask(other, 1), "unauthorized");
    assert.equal(await ask({ acme, kid }, 7), "badRevocationReason");
    assert.equal(await ask({ acme, kid }, 1), "200");
    assert.equal(await ask({ acme, kid }, 1), "alreadyRevoked");
  });
});
