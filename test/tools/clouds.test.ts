/** The stand-ins for clouds, driven by Hetzner's client of PyPI and by Cloudflare's official SDK of npm. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { startStandInCloudflare, startStandInHetzner } from "../../src/sandbox/index.ts";
import { npmPackage } from "../support/npm-package.ts";
import { pythonVenv, runProgram } from "../support/python-venv.ts";
import { nobodysKey } from "../support/ssh-public-key.ts";

const hcloud = pythonVenv("hcloud", "2.27.0");
const cloudflareSdk = npmPackage("cloudflare", "7.3.0");

const noPython = await hcloud.missing();
const noSdk = await cloudflareSdk.missing();

const pythonScript = `
import json, os, time
from hcloud import Client, APIException
from hcloud.firewalls.domain import FirewallRule
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.server_types import ServerType
from hcloud.servers.domain import ServerCreatePublicNetwork

client = Client(token=os.environ["HCLOUD_TOKEN"], api_endpoint=os.environ["HCLOUD_ENDPOINT"], poll_interval=0.05)
seen = {}
key = client.ssh_keys.create(name="prod", public_key=os.environ["PUBLIC_KEY"], labels={"stack": "prod"})
rule = FirewallRule(direction="in", protocol="tcp", port="443", source_ips=["0.0.0.0/0", "::/0"])
firewall = client.firewalls.create(name="prod", rules=[rule]).firewall
address = client.primary_ips.create(type="ipv4", name="prod", location=Location(name="nbg1"), auto_delete=False).primary_ip
made = client.servers.create(
    name="prod", server_type=ServerType(name="cax11"), image=Image(name="ubuntu-24.04"), location=Location(name="nbg1"),
    ssh_keys=[key], firewalls=[firewall], user_data="#cloud-config\\n", labels={"stack": "prod"},
    public_net=ServerCreatePublicNetwork(ipv4=address, enable_ipv4=True, enable_ipv6=True),
)
made.action.wait_until_finished()
for action in made.next_actions:
    action.wait_until_finished()
server = client.servers.get_by_id(made.server.id)
seen["status"] = server.status
seen["architecture"] = server.server_type.architecture
seen["found"] = len(client.servers.get_all(label_selector="stack=prod"))
try:
    client.firewalls.delete(firewall)
except APIException as refusal:
    seen["refusal"] = refusal.code
client.servers.delete(server).wait_until_finished()
deadline = time.monotonic() + 20
while True:
    try:
        client.firewalls.delete(firewall)
        client.primary_ips.delete(address)
        break
    except APIException as refusal:
        if refusal.code not in ("resource_in_use", "must_be_unassigned") or time.monotonic() > deadline:
            raise
        time.sleep(0.05)
client.ssh_keys.delete(key)
seen["left"] = len(client.servers.get_all()) + len(client.firewalls.get_all()) + len(client.ssh_keys.get_all())
print(json.dumps(seen))
`;

const zoneScript = `
import json, os
from hcloud import Client, APIException
from hcloud.zones.domain import ZoneRecord

client = Client(token=os.environ["HCLOUD_TOKEN"], api_endpoint=os.environ["HCLOUD_ENDPOINT"], poll_interval=0.05)
seen = {}
zone = client.zones.get("example.com")
seen["served"] = zone.authoritative_nameservers.delegation_status
def done(response):
    response.action.wait_until_finished()
    return response
made = done(zone.create_rrset(name="oidc", type="A", ttl=60, records=[ZoneRecord(value="203.0.113.7")], labels={"stack": "prod"}))
seen["id"] = made.rrset.id
try:
    zone.create_rrset(name="oidc", type="A", records=[ZoneRecord(value="203.0.113.8")])
except APIException as refusal:
    seen["again"] = refusal.code
rrset = zone.get_rrset("oidc", "A")
rrset.set_rrset_records([ZoneRecord(value="203.0.113.9")]).wait_until_finished()
rrset.change_rrset_ttl(300).wait_until_finished()
rrset.add_rrset_records([ZoneRecord(value="203.0.113.10")]).wait_until_finished()
rrset.remove_rrset_records([ZoneRecord(value="203.0.113.9")]).wait_until_finished()
zone.update_rrset(rrset, labels={"stack": "dev"})
[found] = zone.get_rrset_all(label_selector="stack=dev")
seen["found"] = [found.ttl, [record.value for record in found.records]]
done(rrset.delete_rrset())
seen["left"] = len(zone.get_rrset_all())
print(json.dumps(seen))
`;

describe("hcloud of PyPI against the stand-in for the Hetzner Cloud API", { skip: noPython ?? false }, () => {
  test("keeps a set of DNS records: made once, changed in each way, found by its labels, and deleted", async (context: TestContext) => {
    const hetzner = await startStandInHetzner({
      mischief: "off",
      delays: { action: 50 },
      zones: [{ name: "example.com" }],
    });
    context.after(() => hetzner.close());
    const { code, out, err } = await runProgram(hcloud.program("python"), ["-c", zoneScript], {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
    });
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      served: "valid",
      id: "oidc/A",
      again: "uniqueness_error",
      found: [300, ["203.0.113.10"]],
      left: 0,
    });
  });

  test("makes a machine and takes it away again", async (context: TestContext) => {
    const hetzner = await startStandInHetzner({
      mischief: "off",
      delays: { action: 100, firewall: 100, release: 300 },
    });
    context.after(() => hetzner.close());
    const { code, out, err } = await runProgram(hcloud.program("python"), ["-c", pythonScript], {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      PUBLIC_KEY: nobodysKey,
    });
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      status: "running",
      architecture: "arm",
      found: 1,
      refusal: "resource_in_use",
      left: 0,
    });
  });
});

const sdkScript = `
import Cloudflare from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.CLOUDFLARE_API_TOKEN, maxRetries: 0 });
const seen = {};
const [zone] = (await client.zones.list({ name: "example.com" })).result;
seen.plan = zone.plan.legacy_id;
const record = (type, content, more) => ({
  zone_id: zone.id, name: "oidc.example.com", ttl: 60, type, content, comment: "podtrust stack=prod", ...more,
});
const first = await client.dns.records.create(record("A", "203.0.113.7"));
await client.dns.records.create(record("AAAA", "2001:db8:0::1"));
await client.dns.records.create(record("CAA", undefined, { data: { flags: 0, tag: "issue", value: "letsencrypt.org" } }));
const codeOf = async (promise) => promise.then(() => "none", (error) => error.errors?.[0]?.code);
seen.again = await codeOf(client.dns.records.create(record("A", "203.0.113.7")));
seen.edited = (await client.dns.records.edit(first.id, record("A", "203.0.113.8"))).content;
const names = [];
for await (const one of client.dns.records.list({ zone_id: zone.id, comment: { startswith: "podtrust" }, per_page: 2 }))
  names.push(one.type);
seen.types = names.sort();
const batch = await client.dns.records.batch({
  zone_id: zone.id,
  deletes: [{ id: first.id }],
  posts: [record("A", "203.0.113.9")],
});
seen.batch = [batch.deletes.length, batch.posts.length];
seen.gone = await codeOf(client.dns.records.get(first.id, { zone_id: zone.id }));
console.log(JSON.stringify(seen));
`;

describe("cloudflare of npm against the stand-in for Cloudflare's API", { skip: noSdk ?? false }, () => {
  test("keeps records of three types, is refused a second one, and walks pages to their end", async (context: TestContext) => {
    const cloudflare = await startStandInCloudflare({ mischief: "off" });
    context.after(() => cloudflare.close());
    const { code, out, err } = await cloudflareSdk.run(sdkScript, {
      CLOUDFLARE_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
    });
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      plan: "free",
      again: 81_058,
      edited: "203.0.113.8",
      types: ["A", "AAAA", "CAA"],
      batch: [1, 1],
      gone: 81_044,
    });
  });
});
