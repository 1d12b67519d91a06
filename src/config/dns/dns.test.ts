import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, parse as parseText, problemsOf } from "../../../test/support/config-text.ts";
import { dnsOfPublisher } from "../index.ts";

const withDns = (dns: string): string => `${minimal}dns: ${dns}\n`;
const parse = (dns: string) => parseText(withDns(dns));

async function problemOf(dns: string): Promise<string> {
  const [problem] = await problemsOf(withDns(dns));
  return `${problem?.key} ${problem?.message}; ${problem?.accepted}`;
}

describe("the dns section of a config", () => {
  test("a provider's name is short for the provider without settings", async () => {
    assert.deepEqual((await parse("cloudflare")).dns, {
      provider: { kind: "cloudflare", cloudflare: {} },
      caa: true,
    });
    const long = await parse(`{cloudflare: {tokenFile: ~/cf}, addresses: ["203.0.113.7"], caa: false}`);
    assert.deepEqual(long.dns, {
      provider: { kind: "cloudflare", cloudflare: { tokenFile: "/home/op/cf" } },
      addresses: ["203.0.113.7"],
      caa: false,
    });
  });

  test("Route 53 takes the AWS credentials of the environment, or a profile and a role", async () => {
    assert.deepEqual((await parse("route53")).dns, { provider: { kind: "route53", route53: {} }, caa: true });
    const assumeRole = "arn:aws:iam::111122223333:role/dns";
    const long = await parse(`{route53: {profile: prod, assumeRole: "${assumeRole}"}, addresses: []}`);
    assert.deepEqual(long.dns, {
      provider: { kind: "route53", route53: { profile: "prod", assumeRole } },
      addresses: [],
      caa: true,
    });
  });

  test("Hetzner takes its own token, or the one of a file", async () => {
    assert.deepEqual((await parse("hetzner")).dns, { provider: { kind: "hetzner", hetzner: {} }, caa: true });
    assert.deepEqual((await parse("{hetzner: {tokenFile: dns-token}}")).dns?.provider, {
      kind: "hetzner",
      hetzner: { tokenFile: "/etc/podtrust/dns-token" },
    });
  });

  test("a publisher proves names with a token of its own where it is given one, else with the same", async () => {
    const { dns } = await parse("{cloudflare: {tokenFile: a, publisherTokenFile: b}}");
    assert.ok(dns !== undefined);
    assert.deepEqual(dns.provider, {
      kind: "cloudflare",
      cloudflare: { tokenFile: "/etc/podtrust/a", publisherTokenFile: "/etc/podtrust/b" },
    });
    assert.deepEqual(dnsOfPublisher(dns).provider, {
      kind: "cloudflare",
      cloudflare: { tokenFile: "/etc/podtrust/b" },
    });
    for (const text of ["{hetzner: {tokenFile: a}}", "route53"]) {
      const { dns: same } = await parse(text);
      assert.ok(same !== undefined);
      assert.deepEqual(dnsOfPublisher(same), same);
    }
  });

  const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
    "a provider that is not known": ["clodflare", /^dns .*not accepted/u],
    "no provider": [`{addresses: ["203.0.113.7"]}`, /^dns names no provider; cloudflare/u],
    "two providers": ["{cloudflare: {}, route53: {}}", /^dns has both cloudflare and route53/u],
    "an address that is none": [
      `{cloudflare: {}, addresses: [oidc.example.com]}`,
      /addresses\[0\].*IP address/u,
    ],
    "an address with a zone": [
      `{cloudflare: {}, addresses: ["fe80::1%eth0"]}`,
      /addresses\[0\].*IP address/u,
    ],
    "an address twice": [
      `{cloudflare: {}, addresses: ["192.0.2.1", "192.0.2.1"]}`,
      /stands at dns\.addresses\[0\] already/u,
    ],
    "one token file for two": [
      "{cloudflare: {tokenFile: t, publisherTokenFile: t}}",
      /^dns\.cloudflare\.publisherTokenFile is the file of tokenFile.*; another token's file/u,
    ],
    "a token": [`{cloudflare: {token: abc}}`, /^dns\.cloudflare\.token .*secret/u],
  };
  for (const [what, [dns, message]] of Object.entries(refused)) {
    test(`${what} is refused`, async () => {
      assert.match(await problemOf(dns), message);
    });
  }
});
