import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { openTofuText } from "../../src/stack/index.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";

test("the issuer's addresses in OpenTofu are of the provider that the config names, and of no other", async (t) => {
  const world = await dnsCliWorld(t);
  const resources = {
    cloudflare: "cloudflare_dns_record",
    route53: "aws_route53_record",
    hetzner: "hcloud_zone_rrset",
  };
  const marks = {
    cloudflare: /comment = "podtrust stack=prod format=1 id=3f2a91bc"/u,
    route53: /records = \["podtrust stack=prod format=1 id=3f2a91bc owns=A,AAAA"\]/u,
    hetzner: /labels = \{\n {4}podtrust-stack {4}= "prod"/u,
  };
  for (const [provider, resource] of Object.entries(resources)) {
    const dns = `{${provider}: {}, addresses: ["203.0.113.7", "2001:db8::7"]}`;
    await world.config(`stack: prod\nidentity: 3f2a91bc\nissuer: https://oidc.example.com\ndns: ${dns}\n`);
    const { code, out, err } = await world.podtrust(["export", "opentofu"]);
    assert.equal(code, 0, err);
    const found = [...out.matchAll(/^resource "(\w+)" "(\w+)"/gmu)].map(
      ([, type, name]) => `${type}.${name}`,
    );
    // Route 53 has neither labels nor comments: the mark of a stack is a record beside them.
    const claim = provider === "route53" ? [`${resource}.claim`] : [];
    assert.deepEqual(found, [`${resource}.a`, `${resource}.aaaa`, ...claim]);
    assert.match(out, marks[provider as keyof typeof marks]);
    assert.match(out, /203\.0\.113\.7/u);
  }
  const { out } = await world.podtrust(["export", "opentofu"]);
  assert.match(out, /: trimsuffix\("oidc\.example\.com", "\.\$\{var\.zone\}"\)/u);
  assert.match(out, /source += +"hetznercloud\/hcloud"/u);
});

test("records that stand are imported by what their provider calls them, each once, and those that do not are made", async () => {
  const name = "oidc.example.com";
  const found = new Map([
    [`dns/${name}/A`, { recordIds: JSON.stringify({ "203.0.113.8": "second", "203.0.113.7": "first" }) }],
  ]);
  const imported = async (provider: string): Promise<readonly (readonly string[])[]> => {
    const dns = `{${provider}: {}, addresses: ["203.0.113.7", "203.0.113.8", "2001:db8::7"]}`;
    const config = await parseConfig(
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://${name}\ndns: ${dns}\n`,
      "/p.yaml",
      {},
    );
    const text = await openTofuText(config, { imports: true, found });
    return [...text.matchAll(/^import \{\n {2}to = (.+)\n {2}id = (.+)\n\}$/gmu)].map(
      ([, to = "", id = ""]) => [to, id],
    );
  };
  const zone = (kind: string): string => `\${data.${kind}.issuer.zone_id}`;
  assert.deepEqual(await imported("cloudflare"), [
    ["cloudflare_dns_record.a", `"${zone("cloudflare_zone")}/first"`],
    ["cloudflare_dns_record.a_2", `"${zone("cloudflare_zone")}/second"`],
  ]);
  assert.deepEqual(await imported("route53"), [
    ["aws_route53_record.a", `"${zone("aws_route53_zone")}_${name}_A"`],
    ["aws_route53_record.claim", `"${zone("aws_route53_zone")}__podtrust.${name}_TXT"`],
  ]);
  const [set, ...others] = await imported("hetzner");
  assert.deepEqual(others, []);
  assert.equal(set?.[0], "hcloud_zone_rrset.a");
  assert.match(set?.[1] ?? "", /^"\$\{var\.zone\}\/\$\{.*\}\/A"$/u);
});
