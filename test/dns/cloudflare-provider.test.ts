import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { defined, mapped } from "../../src/core/base/index.ts";
import { cloudflareDns } from "../../src/providers/cloudflare/index.ts";
import type { DnsProvider } from "../../src/rules/dns/index.ts";
import { type StandInCloudflareOptions, startStandInCloudflare } from "../../src/sandbox/index.ts";
import { type DnsWorld, dnsProviderContract, work } from "../support/dns-provider-contract.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

type StandIn = Awaited<ReturnType<typeof startStandInCloudflare>>;

const { signal } = work;

function providerOf(api: StandIn, stack = "prod", token = api.tokens.edit): DnsProvider {
  return cloudflareDns({
    access: { baseUrl: api.url, token },
    ...stackOwner(stack),
    clock: new SwiftClock(),
  });
}

/** A request of somebody else's to the stand-in. */
async function byHand(api: StandIn, method: string, path: string, body?: object): Promise<{ id: string }> {
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${api.tokens.edit}` },
    ...defined({ body: mapped(body, JSON.stringify) }),
  });
  const { result } = (await answer.json()) as { result: { id: string } | [{ id: string }] };
  return Array.isArray(result) ? result[0] : result;
}

async function worldOf(options: StandInCloudflareOptions): Promise<DnsWorld> {
  const api = await startStandInCloudflare(options);
  return {
    as: (stack) => providerOf(api, stack),
    zone: "example.com",
    async foreign({ name, type, ttl, values }) {
      // The stand-in's mischief meets strangers as well: until it stands.
      for (let tries = 0; tries < 10; tries += 1) {
        if (api.records("example.com").some((record) => (record as { name: string }).name === name)) return;
        const zone = await byHand(api, "GET", "/zones?name=example.com").catch(() => undefined);
        if (zone === undefined || zone === null) continue;
        await byHand(api, "POST", `/zones/${zone.id}/dns_records`, {
          name,
          type,
          ttl,
          content: values[0],
        }).catch(() => {});
      }
    },
    close: () => api.close(),
  };
}

dnsProviderContract("Cloudflare, every request well answered", () => worldOf({ mischief: "off" }));
dnsProviderContract("Cloudflare, a third of requests gone wrong", () =>
  worldOf({
    mischief: { rate: 0.33, seed: 7 },
    variants: { emptyComment: "absent", validationErrors: "chained" },
  }),
);

async function standIn(t: TestContext, options: StandInCloudflareOptions = {}): Promise<StandIn> {
  const api = await startStandInCloudflare({ mischief: "off", ...options });
  t.after(() => api.close());
  return api;
}

const refusal = (code: number, message: string): object => ({
  success: false,
  errors: [{ code, message }],
  messages: [],
  result: null,
});

/** A server that answers as it is told to, whatever the method. */
async function answering(
  t: TestContext,
  answer: (path: string) => { readonly status: number; readonly body: unknown },
): Promise<string> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? "");
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const set = { name: "oidc.example.com", type: "A", ttl: 60, values: ["192.0.2.7"] } as const;

describe("DNS at Cloudflare", () => {
  test("an answer that got lost is no reason to write twice, whatever was written", async (t) => {
    const api = await standIn(t);
    const dns = providerOf(api);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    for (const method of ["POST", "PATCH", "DELETE"]) api.misbehave({ what: "lost-answer", method });
    await dns.write(zone, set, work);
    assert.equal(api.records("example.com").length, 1);
    await dns.write(zone, { ...set, values: ["192.0.2.8"] }, work);
    assert.deepEqual(
      api.records("example.com").map((record) => (record as { content: string }).content),
      ["192.0.2.8"],
    );
    await dns.delete(zone, set, work);
    assert.deepEqual(api.records("example.com"), []);
  });

  test("a record carries its owner in the comment from the request on that makes it, within a Free plan's 100 characters", async (t) => {
    const api = await standIn(t);
    const stack = `s${"x".repeat(62)}`;
    const dns = providerOf(api, stack);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    await dns.write(zone, set, work);
    const [record] = api.records("example.com") as [{ comment: string; proxied: boolean; ttl: number }];
    assert.match(record.comment, new RegExp(`stack=${stack}`, "u"));
    assert.ok(record.comment.length <= 100);
    assert.deepEqual([record.proxied, record.ttl], [false, 60]);
  });

  test("a person's words beside our mark are kept through a change", async (t) => {
    const api = await standIn(t);
    const dns = providerOf(api);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    await dns.write(zone, set, work);
    const [record] = api.records("example.com") as [{ id: string; comment: string }];
    const path = `/zones/${zone.id}/dns_records/${record.id}`;
    await byHand(api, "PATCH", path, { comment: `${record.comment} ask Ada first`, proxied: true });
    assert.equal((await dns.find(zone, set, signal))?.proxied, true);
    await dns.write(zone, set, work);
    const [after] = api.records("example.com") as [{ id: string; comment: string; proxied: boolean }];
    assert.deepEqual([after.id, after.proxied], [record.id, false]);
    assert.match(after.comment, /ask Ada first$/u);
  });

  test("a TXT value that somebody else has already stays theirs, and is not taken away with ours", async (t) => {
    const api = await standIn(t);
    const dns = providerOf(api);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    const text = { name: "_acme-challenge.oidc.example.com", value: "proof" };
    const path = `/zones/${zone.id}/dns_records`;
    await byHand(api, "POST", path, { name: text.name, type: "TXT", content: '"proof"', comment: "Ada's" });
    await dns.addText(zone, text, work);
    await dns.removeText(zone, text, work);
    assert.deepEqual(
      api.records("example.com").map((one) => (one as { comment: string }).comment),
      ["Ada's"],
    );
  });

  test("an alias in the place of an address belongs to whoever made it", async (t) => {
    const api = await standIn(t);
    const dns = providerOf(api);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    await byHand(api, "POST", `/zones/${zone.id}/dns_records`, {
      name: set.name,
      type: "CNAME",
      content: "elsewhere.example.net",
    });
    const found = await dns.find(zone, set, signal);
    assert.ok(found?.owner.kind === "untagged" && /alias of elsewhere/u.test(found.owner.looksLike));
    await assert.rejects(dns.write(zone, set, work, true), { code: "dns-name-taken", message: /CNAME/u });
  });

  for (const unknownZone of ["empty", "refusal"] as const) {
    test(`a zone that the token does not know is one message, also where the API answers with ${unknownZone === "empty" ? "an empty list" : "a refusal"}`, async (t) => {
      const dns = providerOf(await standIn(t, { variants: { unknownZone } }));
      await assert.rejects(dns.zoneOf("a.example.net", signal), {
        code: "dns-zone-missing",
        message:
          "Cloudflare shows this token no zone that holds a.example.net (asked for a.example.net, example.net)",
      });
    });
  }

  for (const [what, zone] of Object.entries({
    "is paused": { paused: true },
    "its status is pending": { status: "pending" },
    "is of type partial": { type: "partial" },
  } as const)) {
    test(`a zone that Cloudflare does not serve is refused: it ${what}`, async (t) => {
      const dns = providerOf(await standIn(t, { zones: [{ name: "example.com", ...zone }] }));
      const message = new RegExp(what.replace("is of", "it is of"), "u");
      await assert.rejects(dns.zoneOf("oidc.example.com", signal), { code: "dns-zone-inactive", message });
    });
  }

  test("a token that is none, one that only reads, and a refused value are three errors, with Cloudflare's code and CF-Ray", async (t) => {
    for (const validationErrors of ["plain", "chained"] as const) {
      const api = await standIn(t, { variants: { validationErrors } });
      await assert.rejects(providerOf(api, "prod", "0".repeat(40)).zoneOf("oidc.example.com", signal), {
        code: "cloudflare-token-refused",
        message: /Invalid API Token \[1000\] \(CF-Ray [0-9a-f]{16}-FRA\)$/u,
      });
      const reader = providerOf(api, "prod", api.tokens.read);
      const zone = await reader.zoneOf("oidc.example.com", signal);
      assert.equal(await reader.find(zone, set, signal), undefined);
      await assert.rejects(reader.write(zone, set, work), {
        code: "cloudflare-denied",
        message: /creating the A record of oidc\.example\.com: Authentication error \[10000\]/u,
      });
      await assert.rejects(providerOf(api).write(zone, { ...set, values: ["300.0.0.1"] }, work), {
        code: "cloudflare-refused",
        message: /valid IPv4 address\. \[9005\]/u,
      });
      assert.deepEqual(api.records("example.com"), []);
    }
  });

  for (const [what, verify, code, message] of [
    [
      "is none",
      { status: 401, body: refusal(1000, "Invalid API Token") },
      "cloudflare-token-refused",
      /1000/u,
    ],
    [
      "is expired",
      { status: 200, body: { success: true, errors: [], result: { id: "1", status: "expired" } } },
      "cloudflare-token-refused",
      /^Cloudflare says that the token is expired$/u,
    ],
    [
      "is one and lacks the right",
      { status: 200, body: { success: true, errors: [], result: { id: "1", status: "active" } } },
      "cloudflare-denied",
      /listing the zone oidc\.example\.com: Invalid access token \[9109\]/u,
    ],
    [
      "is an account's, which has another page",
      { status: 404, body: refusal(7003, "No route") },
      "cloudflare-denied",
      /\[9109\]/u,
    ],
  ] as const) {
    test(`a refusal that may mean the token or its rights is told apart by the token's own page: it ${what}`, async (t) => {
      const baseUrl = await answering(t, (path) =>
        path.startsWith("/zones") ? { status: 403, body: refusal(9109, "Invalid access token") } : verify,
      );
      const access = { baseUrl, token: "t".repeat(40) };
      const dns = cloudflareDns({ access, ...stackOwner(), clock: new SwiftClock() });
      await assert.rejects(dns.zoneOf("oidc.example.com", signal), { code, message });
    });
  }

  test("a token that is withdrawn during a run is refused as a token, whatever was asked with it", async (t) => {
    const api = await standIn(t);
    const zone = await providerOf(api).zoneOf("oidc.example.com", signal);
    const withdrawn = providerOf(api, "prod", "0".repeat(40));
    const code = "cloudflare-token-refused";
    await assert.rejects(withdrawn.find(zone, set, signal), { code });
    await assert.rejects(withdrawn.owned(zone, signal), { code });
    await assert.rejects(withdrawn.write(zone, set, work), { code });
    await assert.rejects(withdrawn.delete(zone, set, work), { code });
  });

  for (const [what, body] of Object.entries({
    "is no JSON": "<html>",
    "holds a zone without an id": { success: true, errors: [], result: [{ name: "oidc.example.com" }] },
    "holds a zone whose id leads elsewhere": {
      success: true,
      errors: [],
      result: [{ id: "../x", name: "oidc.example.com" }],
    },
  })) {
    test(`an answer that ${what} is an error that says so, and nothing is made of it`, async (t) => {
      const baseUrl = await answering(t, () => ({ status: 200, body }));
      const access = { baseUrl, token: "t".repeat(40) };
      const dns = cloudflareDns({ access, ...stackOwner(), clock: new SwiftClock() });
      await assert.rejects(dns.zoneOf("oidc.example.com", signal), {
        code: what === "is no JSON" ? "cloudflare-unavailable" : "cloudflare-answer-invalid",
      });
    });
  }

  test("a list without an end is given up", async (t) => {
    const baseUrl = await answering(t, () => ({
      status: 200,
      body: { success: true, errors: [], result: [{ id: "0".repeat(32), name: "other.example" }] },
    }));
    const access = { baseUrl, token: "t".repeat(40) };
    const dns = cloudflareDns({ access, ...stackOwner(), clock: new SwiftClock() });
    await assert.rejects(dns.zoneOf("oidc.example.com", signal), {
      code: "cloudflare-answer-invalid",
      message: /no end/u,
    });
  });

  test("a 429 is waited out for as long as Retry-After says, with the reason and a deadline, and the write is made once", async (t) => {
    const api = await standIn(t);
    const clock = new SwiftClock();
    const dns = cloudflareDns({
      access: { baseUrl: api.url, token: api.tokens.edit },
      ...stackOwner(),
      clock,
    });
    const zone = await dns.zoneOf("oidc.example.com", signal);
    api.misbehave({ what: "rate-limit", method: "POST" });
    const said: string[] = [];
    await dns.write(zone, set, {
      signal,
      waiting(reason, deadline) {
        assert.ok(deadline > clock.elapsed());
        said.push(reason);
      },
    });
    assert.match(said.join(), /^Cloudflare takes no requests for \d+ s \(429, Retry-After\)$/u);
    assert.ok(clock.waits.some((ms) => ms >= 1000));
    assert.equal(api.records("example.com").length, 1);
  });

  test("an API that never answers is given up within a minute, and says which call it was", async (t) => {
    const api = await standIn(t);
    const dns = providerOf(api);
    const zone = await dns.zoneOf("oidc.example.com", signal);
    api.misbehave({ what: "reset", method: "POST", times: 1000 });
    await assert.rejects(dns.write(zone, set, work), {
      code: "cloudflare-unreachable",
      message: /^creating the A record of oidc\.example\.com: /u,
    });
    api.misbehave({ what: "bad-gateway", method: "GET", times: 1000 });
    await assert.rejects(dns.find(zone, set, signal), {
      code: "cloudflare-unavailable",
      message: /^listing the records of oidc\.example\.com: status 502/u,
    });
  });
});
