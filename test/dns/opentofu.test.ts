import assert from "node:assert/strict";
import { test } from "node:test";
import { dnsCliWorld } from "../support/dns-cli-world.ts";

test("the issuer's addresses in OpenTofu are of the provider that the config names, and of no other", async (t) => {
  const world = await dnsCliWorld(t);
  const resources = {
    cloudflare: "cloudflare_dns_record",
    route53: "aws_route53_record",
    hetzner: "hcloud_zone_rrset",
  };
  for (const [provider, resource] of Object.entries(resources)) {
    const dns = `{${provider}: {}, addresses: ["203.0.113.7", "2001:db8::7"]}`;
    await world.config(`stack: prod\nissuer: https://oidc.example.com\ndns: ${dns}\n`);
    const { code, out, err } = await world.podtrust(["export", "opentofu"]);
    assert.equal(code, 0, err);
    const found = [...out.matchAll(/^resource "(\w+)" "(\w+)"/gmu)].map(
      ([, type, name]) => `${type}.${name}`,
    );
    assert.deepEqual(found, [`${resource}.a`, `${resource}.aaaa`]);
    assert.match(out, /203\.0\.113\.7/u);
  }
  const { out } = await world.podtrust(["export", "opentofu"]);
  assert.match(out, /name += +trimsuffix\("oidc\.example\.com", "\.\$\{var\.zone\}"\)/u);
  assert.match(out, /source += +"hetznercloud\/hcloud"/u);
});
