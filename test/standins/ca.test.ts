import assert from "node:assert/strict";
import { generateKeyPairSync, KeyObject, webcrypto, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { parseConnectTo, request } from "../../src/http/index.ts";
import { type StandInCa, type StandInCaOptions, startAuthority } from "../../src/sandbox/ca/index.ts";
import { TestClock } from "../support/clock.ts";
import { AcmeRequests, type Answer } from "./acme-requests.ts";
import { type Challenged, startChallenged } from "./challenged.ts";

const open: { close(): Promise<void> }[] = [];
let challenged: Challenged;
let ca: StandInCa;
const clock = new TestClock();

async function startCa(options: StandInCaOptions = {}): Promise<StandInCa> {
  const connectTo = [parseConnectTo(`:80:127.0.0.1:${challenged.port}`)];
  const started = await startAuthority({ clock, connectTo, ...options });
  open.push(started);
  return started;
}

function ecKey() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

async function client(of: StandInCa, key = ecKey()): Promise<AcmeRequests> {
  return new AcmeRequests(of.tlsCa, key).open(of.directoryUrl);
}

async function account(of: StandInCa): Promise<{ acme: AcmeRequests; kid: string }> {
  const acme = await client(of);
  const made = await acme.post(acme.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
  assert.equal(made.status, 201, made.body.toString());
  return { acme, kid: made.headers["location"] ?? "" };
}

const ec = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function csr(names: readonly string[], keys?: webcrypto.CryptoKeyPair): Promise<string> {
  const pair = keys ?? (await webcrypto.subtle.generateKey(ec, true, ["sign", "verify"]));
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: pair,
    signingAlgorithm: ec,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }) as const)),
    ],
  });
  return Buffer.from(made.rawData).toString("base64url");
}

const kindOf = (answer: Answer): string | undefined =>
  answer.type?.replace("urn:ietf:params:acme:error:", "");

async function decided(acme: AcmeRequests, kid: string, url: string): Promise<Answer> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { json } = await acme.post(url, { kid, payload: "" });
    if (json.status !== "pending" && json.status !== "processing") return json;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${url} was never decided`);
}

/** An order of which HTTP-01 is answered with what `hold` gives; the order's URL and object come back. */
async function ordered(
  acme: AcmeRequests,
  kid: string,
  options: { names?: readonly string[]; hold?: (keyAuthorization: string) => string; more?: object } = {},
): Promise<{ url: string; order: Answer; authorizations: readonly Answer[] }> {
  const names = options.names ?? ["oidc.example.com"];
  const identifiers = names.map((value) => ({ type: "dns", value }));
  const made = await acme.post(acme.url("newOrder"), { kid, payload: { identifiers, ...options.more } });
  assert.equal(made.status, 201, made.body.toString());
  const authorizations: Answer[] = [];
  for (const url of made.json.authorizations ?? []) {
    const { json } = await acme.post(url, { kid, payload: "" });
    const challenge = json.challenges?.find((one) => one.type === "http-01");
    const token = challenge?.token ?? "";
    const hold = options.hold ?? ((text) => text);
    challenged.held.set(token, hold(`${token}.${acme.thumbprint()}`));
    await acme.post(challenge?.url ?? "", { kid });
    authorizations.push(await decided(acme, kid, url));
  }
  const url = made.headers["location"] ?? "";
  return { url, order: (await acme.post(url, { kid, payload: "" })).json, authorizations };
}

async function certificate(acme: AcmeRequests, kid: string, more: object = {}): Promise<string> {
  const { order } = await ordered(acme, kid, { more });
  const payload = { csr: await csr(["oidc.example.com"]) };
  const { json } = await acme.post(order.finalize ?? "", { kid, payload });
  const { body, headers } = await acme.post(json.certificate ?? "", { kid, payload: "" });
  assert.equal(headers["content-type"], "application/pem-certificate-chain");
  return body.toString();
}

function renewalId(pem: string): string {
  const leaf = new x509.X509Certificate(pem);
  const keyId = leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId ?? "";
  const part = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");
  return `${part(keyId)}.${part(leaf.serialNumber)}`;
}

before(async () => {
  challenged = await startChallenged();
  open.push(challenged);
  ca = await startCa();
});

after(async () => {
  for (const one of open) await one.close();
});

describe("the stand-in CA", () => {
  test("the directory has what RFC 8555 §7.1.1, RFC 9773 and the profiles draft name", async () => {
    const { body } = await (await client(ca)).get(ca.directoryUrl);
    const { meta, ...urls } = JSON.parse(body.toString()) as Record<string, Record<string, unknown>>;
    const names = ["keyChange", "newAccount", "newNonce", "newOrder", "renewalInfo", "revokeCert"];
    assert.deepEqual(Object.keys(urls).sort(), names);
    assert.deepEqual(Object.keys(meta?.["profiles"] ?? {}), ["classic", "shortlived"]);
    assert.equal(meta?.["externalAccountRequired"], false);
  });

  test("a nonce comes by HEAD and by GET, uncached, and is good once", async () => {
    const acme = await client(ca);
    const head = await acme.get(acme.url("newNonce"), "HEAD");
    const get = await acme.get(acme.url("newNonce"));
    assert.deepEqual([head.status, get.status], [200, 204]);
    assert.equal(head.headers["cache-control"], "no-store");
    assert.notEqual(head.headers["replay-nonce"], get.headers["replay-nonce"]);
    const nonce = head.headers["replay-nonce"] ?? "";
    const payload = { termsOfServiceAgreed: true };
    assert.equal((await acme.post(acme.url("newAccount"), { payload, nonce })).status, 201);
    const again = await acme.post(acme.url("newAccount"), { payload, nonce });
    assert.equal(kindOf(again.json), "badNonce");
    assert.equal(again.headers["content-type"], "application/problem+json");
    assert.notEqual(again.headers["replay-nonce"] ?? "", "");
  });

  test("rejects good nonces on purpose where that is asked for", async () => {
    const strict = await startCa({ rejectNonceEvery: 2 });
    const acme = await client(strict);
    const seen: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { json } = await acme.post(acme.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
      seen.push(kindOf(json) ?? "made");
    }
    assert.deepEqual(seen, ["made", "badNonce", "made", "badNonce"]);
  });

  test("takes a flattened JWS of the right type, for this URL, by the key that signed it, and nothing else", async () => {
    const { acme, kid } = await account(ca);
    const url = acme.url("newOrder");
    const payload = { identifiers: [{ type: "dns", value: "oidc.example.com" }] };
    const refusals: readonly [string, number, Parameters<AcmeRequests["post"]>[1]][] = [
      ["malformed", 415, { kid, payload, contentType: "application/json" }],
      ["unauthorized", 403, { kid, payload, saysUrl: `${url}/` }],
      ["malformed", 400, { payload }],
      ["accountDoesNotExist", 400, { kid: `${kid}x`, payload }],
      ["badSignatureAlgorithm", 400, { kid, payload, alg: "none" }],
      ["badSignatureAlgorithm", 400, { kid, payload, alg: "HS256" }],
      ["malformed", 400, { kid, payload, damage: (body) => (body["header"] = {}) }],
      [
        "malformed",
        400,
        { kid, payload, damage: (body) => (body["payload"] = `${String(body["payload"])}=`) },
      ],
      ["malformed", 400, { kid, payload, damage: (body) => (body["payload"] = "e30") }],
      ["malformed", 400, { kid, payload: "" }],
    ];
    for (const [kind, status, options] of refusals) {
      const answer = await acme.post(url, options);
      assert.deepEqual([kindOf(answer.json), answer.status], [kind, status], JSON.stringify(options));
    }
    assert.equal((await acme.get(url)).status, 405);
    assert.equal((await acme.post(url, { kid, payload })).status, 201);
  });

  test("an account is found by its key, changed, given another key, and deactivated", async () => {
    const { acme, kid } = await account(ca);
    const found = await acme.post(acme.url("newAccount"), { payload: { onlyReturnExisting: true } });
    assert.deepEqual([found.status, found.headers["location"]], [200, kid]);
    const stranger = await client(ca);
    const absent = await stranger.post(stranger.url("newAccount"), { payload: { onlyReturnExisting: true } });
    assert.equal(kindOf(absent.json), "accountDoesNotExist");
    const unagreed = await stranger.post(stranger.url("newAccount"));
    assert.equal(kindOf(unagreed.json), "malformed");
    const changed = await acme.post(kid, { kid, payload: { contact: ["mailto:ops@example.com"] } });
    assert.deepEqual(changed.json.contact, ["mailto:ops@example.com"]);
    const phone = await acme.post(kid, { kid, payload: { contact: ["tel:+123"] } });
    assert.equal(kindOf(phone.json), "unsupportedContact");

    const next = await client(ca);
    const url = acme.url("keyChange");
    const inner = next.jws({ alg: "ES256", jwk: next.jwk(), url }, { account: kid, oldKey: acme.jwk() });
    assert.equal((await acme.post(url, { kid, payload: inner })).status, 200);
    assert.equal(kindOf((await acme.post(kid, { kid, payload: "" })).json), "malformed");
    assert.equal((await next.post(kid, { kid, payload: "" })).json.status, "valid");

    await next.post(kid, { kid, payload: { status: "deactivated" } });
    assert.equal(kindOf((await next.post(kid, { kid, payload: "" })).json), "unauthorized");
  });

  test("requires external account binding by a known key ID, with a MAC that verifies", async () => {
    const hmac = Buffer.alloc(32, 7).toString("base64url");
    const bound = await startCa({ externalAccounts: { "kid-1": hmac } });
    const acme = await client(bound);
    const ask = async (externalAccountBinding?: object): Promise<string> => {
      const payload = {
        termsOfServiceAgreed: true,
        ...(externalAccountBinding && { externalAccountBinding }),
      };
      const { json, status } = await acme.post(acme.url("newAccount"), { payload });
      return kindOf(json) ?? String(status);
    };
    assert.equal(await ask(), "externalAccountRequired");
    assert.equal(await ask(acme.binding("kid-2", hmac)), "unauthorized");
    assert.equal(await ask(acme.binding("kid-1", Buffer.alloc(32, 8).toString("base64url"))), "unauthorized");
    assert.equal(await ask((await client(bound)).binding("kid-1", hmac)), "malformed");
    assert.equal(await ask(acme.binding("kid-1", hmac)), "201");
  });

  test("issues a chain to its root, for the name, after HTTP-01", async () => {
    const { acme, kid } = await account(ca);
    const chain = await certificate(acme, kid);
    const [leaf, intermediate] = (chain.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/gu) ?? []).map(
      (pem) => new X509Certificate(pem),
    );
    assert.ok(leaf !== undefined && intermediate !== undefined);
    const root = new X509Certificate(ca.root);
    assert.ok(leaf.verify(intermediate.publicKey) && leaf.checkIssued(intermediate));
    assert.ok(intermediate.verify(root.publicKey) && intermediate.checkIssued(root) && intermediate.ca);
    assert.equal(leaf.checkHost("oidc.example.com"), "oidc.example.com");
    assert.equal(leaf.ca, false);
    assert.equal(Date.parse(leaf.validTo), clock.now() + 90 * 24 * 3_600_000);
    assert.ok(challenged.asked.at(-1)?.startsWith("oidc.example.com/.well-known/acme-challenge/"));
    assert.equal(ca.issued.at(-1), chain);
  });

  test("makes an order invalid and says why, after a wrong key authorization, none, or no connection", async () => {
    const { acme, kid } = await account(ca);
    const other = await ordered(acme, kid, { hold: () => "something-else" });
    assert.deepEqual([other.authorizations[0]?.status, other.order.status], ["invalid", "invalid"]);
    assert.equal(kindOf(other.order.error ?? {}), "incorrectResponse");
    const nobody = await startCa({ connectTo: [parseConnectTo("::127.0.0.1:1")] });
    const alone = await account(nobody);
    const { order } = await ordered(alone.acme, alone.kid);
    assert.equal(kindOf(order.error ?? {}), "connection");
    const early = await alone.acme.post(order.finalize ?? "", { kid: alone.kid, payload: { csr: "AA" } });
    assert.equal(kindOf(early.json), "orderNotReady");
  });

  test("takes two names in one order, wildcards by DNS-01 alone, and no name that no certificate is for", async () => {
    const { acme, kid } = await account(ca);
    const two = await ordered(acme, kid, { names: ["a.example.com", "B.example.com", "a.example.com"] });
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
    const { acme, kid } = await account(await startCa({ resolveTxt }));
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
    const keys = await webcrypto.subtle.generateKey(ec, true, ["sign", "verify"]);
    const mine = await client(ca, KeyObject.from(keys.privateKey));
    const made = await mine.post(mine.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
    const kid = made.headers["location"] ?? "";
    const { order, url } = await ordered(mine, kid);
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
    const { url, order } = await ordered(acme, kid);
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
    const { acme, kid } = await account(await startCa({ issuesLater: true }));
    const { url, order } = await ordered(acme, kid);
    const payload = { csr: await csr(["oidc.example.com"]) };
    const first = await acme.post(order.finalize ?? "", { kid, payload });
    assert.deepEqual([first.json.status, first.headers["retry-after"]], ["processing", "1"]);
    const statuses: unknown[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await acme.post(url, { kid, payload: "" })).json.status);
    assert.deepEqual(statuses, ["processing", "processing", "valid"]);
  });

  test("gives certificates the life of their profile, and refuses an unknown profile", async () => {
    const { acme, kid } = await account(ca);
    const leaf = new X509Certificate(await certificate(acme, kid, { profile: "shortlived" }));
    assert.equal(Date.parse(leaf.validTo), clock.now() + 6 * 24 * 3_600_000);
    const identifiers = [{ type: "dns", value: "oidc.example.com" }];
    const payload = { identifiers, profile: "none" };
    assert.equal(kindOf((await acme.post(acme.url("newOrder"), { kid, payload })).json), "invalidProfile");
  });

  test("suggests renewal in the last third of a life or at once when told to, and takes one replacement each", async () => {
    const { acme, kid } = await account(ca);
    const chain = await certificate(acme, kid);
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
    assert.ok(Math.abs(calm.start - clock.now() - 60 * day) < 3_600_000);
    assert.ok(calm.end > calm.start);
    ca.suggestRenewal(chain, "https://stand-in.invalid/incident");
    const urgent = await read();
    assert.ok(urgent.end < clock.now() && urgent.start < urgent.end);
    assert.equal(urgent.explanationURL, "https://stand-in.invalid/incident");
    assert.equal((await acme.get(`${acme.url("renewalInfo")}/AAAA.BBBB`)).status, 400);

    const failed = await ordered(acme, kid, { hold: () => "wrong", more: { replaces: id } });
    assert.equal(failed.order.status, "invalid");
    await certificate(acme, kid, { replaces: id });
    const identifiers = [{ type: "dns", value: "oidc.example.com" }];
    const twice = await acme.post(acme.url("newOrder"), { kid, payload: { identifiers, replaces: id } });
    assert.deepEqual([kindOf(twice.json), twice.status], ["alreadyReplaced", 409]);
  });

  test("revokes a certificate for its account, once, for a reason that is the subscriber's", async () => {
    const { acme, kid } = await account(ca);
    const der = new X509Certificate(await certificate(acme, kid)).raw.toString("base64url");
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

  test("misbehaves where it is told to: 429 and 500 with Retry-After, nonsense, no answer", async () => {
    const bad = await startCa();
    const acme = await client(bad);
    bad.misbehave({ what: "rate-limit", retryAfter: 30, at: ["newAccount"] });
    const limited = await acme.post(acme.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
    assert.deepEqual([limited.status, limited.headers["retry-after"]], [429, "30"]);
    assert.equal(kindOf(limited.json), "rateLimited");
    assert.equal((await acme.get(bad.directoryUrl)).status, 200);
    bad.misbehave({ what: "error" });
    assert.equal((await acme.get(bad.directoryUrl)).status, 500);
    bad.misbehave({ what: "nonsense" });
    assert.match((await acme.get(bad.directoryUrl)).body.toString(), /^<html>/u);
    bad.misbehave({ what: "hang" });
    await assert.rejects(request(bad.directoryUrl, { ca: bad.tlsCa, timeoutMs: 100 }), {
      code: "http-timeout",
    });
    bad.misbehave(undefined);
    assert.equal((await acme.get(bad.directoryUrl)).status, 200);
  });
});
