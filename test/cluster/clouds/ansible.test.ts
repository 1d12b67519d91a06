/** Both stand-ins, driven by Ansible's collections, the kind of client that the guide uses. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { ansibleVenv } from "../../support/ansible.ts";
import { testAuthority } from "../../support/certificates.ts";
import { leftOut } from "../harness/index.ts";

/** Why the suite cannot be run here. */
async function whyNot(): Promise<string | false> {
  const noCluster = leftOut();
  if (noCluster !== false) return noCluster;
  const { status, stderr } = spawnSync("unshare", ["--net", "--mount", "ip", "link", "set", "lo", "up"]);
  if (status !== 0) return `unshare --net --mount and ip are needed: ${String(stderr).trim()}`;
  return (await ansibleVenv.missing()) ?? false;
}

interface Run {
  readonly changed: readonly string[];
  readonly failed?: readonly string[];
  readonly hetzner: {
    readonly sshKeys: readonly object[];
    readonly firewalls: readonly { rules: readonly { source_ips: readonly string[] }[] }[];
    readonly primaryIps: readonly {
      name: string;
      ip: string;
      assignee_id: number | null;
      protection: { delete: boolean };
    }[];
    readonly servers: readonly {
      id: number;
      status: string;
      labels: object;
      public_net: { firewalls: readonly { status: string }[] };
    }[];
  };
  readonly cloudflare: readonly { type: string; content: string; ttl: number; comment: string }[];
}

type Runs = Readonly<Record<"made" | "again" | "changed" | "removed", Run>>;

const skip = await whyNot();

async function playAll(context: TestContext): Promise<Runs> {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-ansible-"));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const authority = await testAuthority("Test Root", { keyIdentifiers: true });
  const { certificate, key } = await authority.issue(["api.cloudflare.com"]);
  const files = {
    "certificate.pem": certificate,
    "key.pem": key,
    "root.pem": authority.root,
    hosts: "127.0.0.1 localhost api.cloudflare.com\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const world = join(import.meta.dirname, "ansible-world.ts");
  const { stdout } = await promisify(execFile)(
    "unshare",
    ["--net", "--mount", process.execPath, world, folder],
    { maxBuffer: 16 * 1024 * 1024, timeout: 900_000 },
  );
  return JSON.parse(stdout) as Runs;
}

describe("Ansible against the stand-ins of both clouds", { skip }, () => {
  test("makes machine and name, finds nothing to do the second time, changes and removes them", async (context: TestContext) => {
    const { made, again, changed, removed } = await playAll(context);
    for (const run of [made, again, changed, removed]) assert.equal(run.failed, undefined);

    const all = ["SSH key", "firewall", "IPv4 address", "IPv6 network", "server", "A", "AAAA", "CAA"];
    assert.deepEqual(made.changed, all);
    const [server] = made.hetzner.servers;
    assert.equal(server?.status, "running");
    assert.deepEqual(server.labels, { stack: "prod", tier: "one" });
    const addresses = new Map(made.hetzner.primaryIps.map((address) => [address.name, address]));
    for (const address of addresses.values()) assert.equal(address.assignee_id, server.id);
    assert.equal(addresses.get("prod-ipv4")?.protection.delete, true);
    assert.deepEqual(
      made.cloudflare.map(({ type, content, ttl, comment }) => ({ type, content, ttl, comment })),
      [
        { type: "A", content: addresses.get("prod-ipv4")?.ip },
        { type: "AAAA", content: addresses.get("prod-ipv6")?.ip.replace("::/64", "::1") },
        { type: "CAA", content: '0 issue "letsencrypt.org"' },
      ].map((record) => ({ ...record, ttl: 60, comment: "stack=prod" })),
    );

    assert.deepEqual(again.changed, []);
    assert.equal(again.hetzner.servers[0]?.public_net.firewalls[0]?.status, "applied");

    assert.deepEqual(changed.changed, ["firewall", "server", "A", "AAAA", "CAA"]);
    assert.equal(changed.hetzner.servers[0]?.id, server.id);
    assert.deepEqual(changed.hetzner.servers[0]?.labels, { stack: "prod", tier: "two" });
    assert.deepEqual(changed.hetzner.firewalls[0]?.rules[1]?.source_ips, ["198.51.100.0/24"]);
    assert.deepEqual([...new Set(changed.cloudflare.map(({ ttl }) => ttl))], [120]);

    // An exact filter of the content does not find a CAA record by its bare value.
    assert.ok(!removed.changed.includes("CAA by its module"));
    assert.deepEqual(removed.hetzner, { sshKeys: [], firewalls: [], primaryIps: [], servers: [] });
    assert.deepEqual(removed.cloudflare, []);
  });
});
