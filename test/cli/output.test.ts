import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { startStandInHetzner, type StandInHetzner } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const aws = `aws:
  - account: "111122223333"
    region: eu-central-1
    roles: [{name: demo, serviceAccounts: [default/app]}]
`;
const base = "stack: prod\nissuer: https://oidc.example.com\n";
const inHetzner = `${base}machine: {hetzner: {type: cax11, location: nbg1, sshFrom: [203.0.113.0/24]}}\n${aws}`;
const bySsh = `${base}machine: {ssh: {address: 203.0.113.7, user: admin, port: 2222, proxyJump: bastion}, sshKey: ~/.ssh/id.pub}\n${aws}`;

describe("what scripts and Ansible get of a stack", () => {
  let cwd: string;
  let hetzner: StandInHetzner;
  let env: Record<string, string>;
  let clock: SwiftClock;

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), "podtrust-output-"));
    clock = new SwiftClock();
    hetzner = await startStandInHetzner({ clock, mischief: "off" });
    env = {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      XDG_STATE_HOME: join(cwd, "state"),
    };
    await writeFile(join(cwd, "podtrust.yaml"), inHetzner);
    await writeFile(join(cwd, "ssh.yaml"), bySsh);
  });

  after(async () => {
    await hetzner.close();
    await rm(cwd, { recursive: true });
  });

  const podtrust = (...args: string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd, env: { HOME: cwd, ...env }, clock });

  test("a secret that was typed in a wrong place is not repeated by the error, in words and in JSON", async () => {
    const secret = `hvs.${"aZ3bY4cX5dW6".repeat(3)}`;
    const words = await podtrust("output", secret, "-v");
    assert.match(words.err, /no output \[left out\]/u);
    const json = await podtrust("output", secret, "--json");
    assert.match(json.out, /no output \[left out\]/u);
    for (const said of [words.err, words.out, json.err, json.out]) assert.equal(said.includes(secret), false);
  });

  test("before there is a machine, names and ARNs are printed, and no inventory", async () => {
    const { code, out } = await podtrust("output", "--json");
    assert.equal(code, 0, out);
    assert.deepEqual(JSON.parse(out), {
      domain_name: "oidc.example.com",
      oidc_provider_url: "oidc.example.com",
      ssh_user: "k8s",
      oidc_provider_arn: "arn:aws:iam::111122223333:oidc-provider/oidc.example.com",
      iam_role_arn: "arn:aws:iam::111122223333:role/demo",
    });
    const none = await podtrust("output", "public_ip");
    assert.equal(none.code, 2);
    assert.match(none.err, /no output public_ip, or none yet/u);
    const inventory = await podtrust("export", "ansible-inventory");
    assert.equal(inventory.code, 1);
    assert.match(inventory.err, /does not exist yet\nnext: {2}Make it with podtrust up/u);
  });

  test("once it exists, its addresses are printed, of IPv6 the host's own", async () => {
    const up = await podtrust("up", "--yes", "--only", "machine");
    assert.equal(up.code, 0, up.out + up.err);
    const ipv4 = (await podtrust("output", "public_ip")).out;
    const ipv6 = (await podtrust("output", "public_ipv6")).out;
    assert.match(ipv4, /^\d+\.\d+\.\d+\.\d+\n$/u);
    assert.match(ipv6, /^[0-9a-f:]+::1\n$/u);
    const { out } = await podtrust("export", "ansible-inventory");
    const { k8s } = parse(out) as { k8s: { hosts: Record<string, Record<string, string>> } };
    assert.deepEqual(Object.keys(k8s.hosts), ["prod"]);
    assert.equal(k8s.hosts["prod"]?.["ansible_host"], ipv4.trim());
    assert.equal(k8s.hosts["prod"]?.["ansible_user"], "k8s");
    const state = join(cwd, "state", "podtrust", "prod");
    assert.equal(k8s.hosts["prod"]?.["ansible_ssh_private_key_file"], join(state, "id_ed25519"));
    const args = k8s.hosts["prod"]?.["ansible_ssh_common_args"] ?? "";
    assert.match(args, /StrictHostKeyChecking=yes/u);
    assert.ok(args.includes(`UserKnownHostsFile=${join(state, "known_hosts")}`));
    assert.doesNotMatch(out, /PRIVATE KEY/u);
  });

  test("OpenTofu gets an import block for every part of it", async () => {
    const { code, out } = await podtrust("export", "opentofu", "--import");
    assert.equal(code, 0, out);
    const imports = [...out.matchAll(/^import \{\n {2}to = (hcloud_\S+)\n {2}id = "\d+"\n\}$/gmu)];
    assert.deepEqual(
      imports.map(([, to]) => to),
      [
        "hcloud_ssh_key.stack",
        "hcloud_firewall.stack",
        "hcloud_primary_ip.ipv4",
        "hcloud_primary_ip.ipv6",
        "hcloud_server.stack",
      ],
    );
  });

  test("an existing machine is printed as the config has it, with its port and jump host", async () => {
    await mkdir(join(cwd, ".ssh"), { recursive: true });
    await writeFile(join(cwd, ".ssh/id"), "", { mode: 0o600 });
    const { out } = await podtrust("export", "ansible-inventory", "-f", "ssh.yaml");
    const { k8s } = parse(out) as { k8s: { hosts: { prod: Record<string, unknown> } } };
    const { ansible_ssh_common_args: args, ...host } = k8s.hosts.prod;
    assert.deepEqual(host, {
      ansible_host: "203.0.113.7",
      ansible_port: 2222,
      ansible_user: "admin",
      ansible_ssh_private_key_file: join(cwd, ".ssh/id"),
    });
    assert.match(String(args), /HostKeyAlias=podtrust-prod .*-o ProxyJump=bastion$/u);
  });

  test("a public key without its private half beside it is printed itself: an agent has the other", async () => {
    await rm(join(cwd, ".ssh"), { recursive: true, force: true });
    const { out } = await podtrust("export", "ansible-inventory", "-f", "ssh.yaml");
    assert.match(out, new RegExp(`ansible_ssh_private_key_file: ${join(cwd, ".ssh/id.pub")}\n`, "u"));
  });

  test("variables of Ansible are the outputs", async () => {
    const [vars, all] = [await podtrust("export", "ansible-vars"), await podtrust("output", "--json")];
    assert.deepEqual(parse(vars.out), JSON.parse(all.out));
  });

  test("an output that is none is answered with the nearest one", async () => {
    const { code, err } = await podtrust("output", "publc_ip");
    assert.equal(code, 2);
    assert.match(err, /Did you mean public_ip\?/u);
  });
});
