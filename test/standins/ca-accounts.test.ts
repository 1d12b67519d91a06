import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { request } from "../../src/core/http/index.ts";
import type { StandInCa } from "../../src/sandbox/ca/index.ts";
import type { AcmeRequests } from "./acme-requests.ts";
import { account, CaWorld, client, kindOf } from "./ca-world.ts";

let world: CaWorld;
let ca: StandInCa;

describe("the stand-in CA", () => {
  before(async () => {
    world = await CaWorld.start();
    ca = await world.startCa();
  });

  after(() => world.close());

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
    const strict = await world.startCa({ rejectNonceEvery: 2 });
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
    const bound = await world.startCa({ externalAccounts: { "kid-1": hmac } });
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

  test("misbehaves where it is told to: 429 and 500 with Retry-After, nonsense, no answer", async () => {
    const bad = await world.startCa();
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
