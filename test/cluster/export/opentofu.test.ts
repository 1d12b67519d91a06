/** What `podtrust export opentofu` writes, read by HashiCorp's own HCL and held to the plan of the same config. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, test } from "node:test";
import { type Config, parseConfig } from "../../../src/config/index.ts";
import { defined } from "../../../src/core/base/index.ts";
import { openTofuText } from "../../../src/stack/index.ts";
import { caaOf } from "../../../src/stack/parts/dns/caa.ts";
import { buildPrograms } from "../build.ts";
import { leftOut } from "../harness/index.ts";
import { type ReadBlock, schemaFaults } from "./schemas.ts";

interface HclBlock extends ReadBlock {
  readonly references: readonly string[];
  readonly blocks: readonly HclBlock[];
}

interface Read {
  readonly formatted: boolean;
  readonly as: string;
  readonly blocks: readonly HclBlock[];
}

const yaml = `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
aws:
  - account: "111122223333"
    region: eu-central-1
    tags: {team: a b}
    audiences: [sts.amazonaws.com, other]
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::111122223333:policy/ReadOnlyAccess]
        description: 'says "hello" \\ and \${more} %{if}'
        maxSession: 2h
      - {name: 9_lives_cat, serviceAccounts: [a/b]}
      - name: 9.lives@cat
        path: /workloads/
        subjectPatterns: [team-a/*]
        boundary: arn:aws:iam::111122223333:policy/boundary
        inline:
          read: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: [s3:GetObject], Resource: "arn:aws:s3:::b/*", Condition: {StringEquals: {"aws:PrincipalTag/a": "\${aws:x}"}}}]}
`;
const second = `  - account: "444455556666"
    region: us-east-1
    assumeRole: arn:aws:iam::444455556666:role/admin
    roles: [{name: demo, serviceAccounts: [a/b]}]
`;
const googleYaml = `stack: prod
issuer: https://oidc.example.com
gcp:
  - project: my-project
    projectNumber: "123456789012"
    condition: assertion.sub != ''
    serviceAccounts:
      - {email: web@my-project.iam.gserviceaccount.com, serviceAccounts: [shop/web, shop/web.2]}
    direct: [{serviceAccounts: [shop/reader]}]
`;
const azureYaml = `stack: prod
issuer: https://oidc.example.com
azure:
  - tenant: 11111111-2222-3333-4444-555555555555
    subscription: 33333333-4444-5555-6666-777777777777
    resourceGroup: podtrust
    identities:
      - {name: web, serviceAccounts: [shop/web, shop/web.2]}
      - {application: 22222222-3333-4444-5555-666666666666, serviceAccounts: [shop/site]}
`;
const secondGroup = `  - tenant: 11111111-2222-3333-4444-555555555555
    subscription: 33333333-4444-5555-6666-777777777777
    resourceGroup: other
    cloud: usgov
    location: usgovvirginia
    identities: [{name: web, serviceAccounts: [shop/web]}]
`;
const secondProject = `  - project: other-project
    projectNumber: "210987654321"
    keys: fetch
    audiences: [https://podtrust.example.com]
    serviceAccounts: [{email: 1-compute@developer.gserviceaccount.com, serviceAccounts: [shop/web]}]
`;
const configOf = (text: string): Promise<Config> => parseConfig(text, "/podtrust.yaml", {});

const machine = `stack: prod
issuer: https://oidc.example.com
dns: cloudflare
machine: {hetzner: {type: cax11, location: nbg1}, protect: true, apiFrom: [198.51.100.0/24]}
`;
const ids: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["hetzner/ssh-key/prod", { id: "1" }],
  ["hetzner/firewall/prod", { id: "2" }],
  ["hetzner/primary-ip/prod-ipv4", { id: "3" }],
  ["hetzner/primary-ip/prod-ipv6", { id: "4" }],
  ["hetzner/server/prod", { id: "5" }],
]);

const published = `${machine}publisher: {https: {acme: {email: ops@example.com}}}
`;
const accounts = [
  {
    directory: "https://ca.example/directory",
    uri: "https://ca.example/acct/1",
    caaIdentities: ["ca.example"],
  },
  { directory: "https://other.example/d", uri: "https://other.example/2", caaIdentities: ["other.example"] },
];
const withAccounts = new Map([
  ...ids,
  ["host/prod/accounts", { authorities: JSON.stringify(accounts) } as Readonly<Record<string, string>>],
]);
const providers = ["cloudflare", "route53", "hetzner"] as const;
const servedBy = (provider: string): string => published.replace("dns: cloudflare", `dns: ${provider}`);

describe("export opentofu", { skip: leftOut() }, () => {
  let program: string;
  before(async () => {
    program = (await buildPrograms()).hcl;
  });

  function read(text: string): Read {
    const { status, stdout, stderr } = spawnSync(program, { input: text, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Read;
  }

  for (const [what, text] of Object.entries({
    "one account": yaml,
    "several accounts": `${yaml}${second}`,
    "a project of Google Cloud": googleYaml,
    "several projects of Google Cloud, and AWS": `${googleYaml}${secondProject}${yaml.slice(yaml.indexOf("aws:"))}`,
    "a resource group of Azure, with an application": azureYaml,
    "several resource groups of Azure, and AWS": `${azureYaml}${secondGroup}${yaml.slice(yaml.indexOf("aws:"))}`,
    "a machine and its name at Cloudflare": `${machine}${yaml.slice(yaml.indexOf("aws:"))}`,
    "a machine that is there, and a name at Route 53": machine
      .replace("cloudflare", "route53")
      .replace(/machine:.*/u, "machine: {ssh: {address: 203.0.113.7, user: k8s}}"),
    ...Object.fromEntries(
      providers.map((provider) => [`a publisher whose name is at ${provider}`, servedBy(provider)]),
    ),
  })) {
    test(`is HCL, formatted as tofu fmt has it: ${what}`, async () => {
      const written = await openTofuText(await configOf(text), { imports: true, found: ids });
      const { as } = read(written);
      assert.equal(written, as);
    });

    test(`sets what its providers take, each of its kind, and all that they need: ${what}`, async () => {
      const { blocks } = read(await openTofuText(await configOf(text), { found: withAccounts }));
      assert.deepEqual(schemaFaults(blocks), []);
    });
  }

  test("would be seen to set what no provider takes, or nothing of what it needs", async () => {
    const { blocks } = read(await openTofuText(await configOf(servedBy("cloudflare"))));
    const planted = blocks.map(({ attributes: { name, ...others }, ...block }) =>
      block.labels[0] === "hcloud_server"
        ? { ...block, attributes: { ...others, assignee_type: name, backups: "daily" } }
        : { ...block, attributes: { ...others, ...defined({ name }) } },
    );
    assert.deepEqual(schemaFaults(planted), [
      "hcloud_server.stack lacks name",
      "hcloud_server.stack.assignee_type cannot be set",
      "hcloud_server.stack.backups is string, and the provider takes bool",
    ]);
  });

  test("says of each role and OIDC provider what the config says", async () => {
    const config = await configOf(yaml);
    const { blocks } = read(await openTofuText(config));
    const resource = (type: string, name: string): HclBlock => {
      const found = blocks.find(({ labels }) => labels[0] === type && labels[1] === name);
      return found ?? assert.fail(`${type}.${name}`);
    };
    const provider = resource("aws_iam_openid_connect_provider", "issuer");
    assert.deepEqual(provider.attributes, {
      url: "https://oidc.example.com",
      client_id_list: ["sts.amazonaws.com", "other"],
      tags: {
        team: "a b",
        "podtrust:stack": "prod",
        "podtrust:identity": "3f2a91bc",
        "podtrust:format": "1",
      },
    });
    const { assume_role_policy: trust, ...demo } = resource("aws_iam_role", "demo").attributes;
    assert.deepEqual(demo, {
      name: "demo",
      path: "/",
      description: String.raw`says "hello" \ and ${"$"}{more} %{if}`,
      max_session_duration: 7200,
      tags: {
        team: "a b",
        "podtrust:stack": "prod",
        "podtrust:identity": "3f2a91bc",
        "podtrust:format": "1",
      },
    });
    const policy = JSON.parse(String(trust)) as { Statement: { Principal: unknown; Condition: unknown }[] };
    assert.deepEqual(policy.Statement[0]?.Principal, {
      Federated: "${aws_iam_openid_connect_provider.issuer.arn}",
    });
    const cat = resource("aws_iam_role", "_9_lives_cat_2").attributes;
    assert.equal(cat["path"], "/workloads/");
    assert.equal(cat["permissions_boundary"], "arn:aws:iam::111122223333:policy/boundary");
    const inline = JSON.parse(
      String(resource("aws_iam_role_policy", "_9_lives_cat_2_read").attributes["policy"]),
    ) as object;
    assert.deepEqual(inline, JSON.parse(config.aws[0]?.roles[2]?.inline["read"] ?? ""));
    const attached = blocks.filter(({ labels }) => labels[0] === "aws_iam_role_policy_attachment");
    assert.deepEqual(
      attached.map(({ attributes }) => attributes),
      config.aws[0]?.roles[0]?.policies.map((arn) => ({
        role: "${aws_iam_role.demo.name}",
        policy_arn: arn,
      })),
    );
  });

  test("refers only to what it has itself, and imports each of its resources once", async () => {
    const { blocks } = read(await openTofuText(await configOf(`${yaml}${second}`), { imports: true }));
    const resources = blocks.filter(({ type }) => type === "resource").map(({ labels }) => labels.join("."));
    assert.equal(new Set(resources).size, resources.length);
    const aliases = blocks
      .filter(({ type }) => type === "provider")
      .map(({ attributes }) => `aws.${String(attributes["alias"])}`);
    for (const { type, references } of blocks) {
      for (const reference of references) {
        const known = [...resources, ...aliases].some(
          (one) => reference === one || reference.startsWith(`${one}.`),
        );
        assert.ok(known, `${type}: ${reference}`);
      }
    }
    const imported = blocks.filter(({ type }) => type === "import").map(({ attributes }) => attributes["to"]);
    assert.deepEqual(
      imported,
      resources.map((name) => `\${${name}}`),
    );
  });

  test("has the machine that the config has: firewall at creation, addresses, protection, what to import", async () => {
    const { blocks } = read(await openTofuText(await configOf(machine), { imports: true, found: ids }));
    const resource = (type: string): HclBlock =>
      blocks.find(({ labels }) => labels[0] === type) ?? assert.fail(type);
    const { attributes, blocks: inner } = resource("hcloud_server");
    assert.deepEqual(
      [attributes["server_type"], attributes["location"], attributes["delete_protection"]],
      ["cax11", "nbg1", true],
    );
    assert.deepEqual(attributes["firewall_ids"], ["${hcloud_firewall.stack.id}"]);
    assert.deepEqual(inner[0]?.attributes, {
      ipv4: "${hcloud_primary_ip.ipv4.id}",
      ipv6: "${hcloud_primary_ip.ipv6.id}",
    });
    const rules = resource("hcloud_firewall")
      .blocks.filter(({ type }) => type === "rule")
      .map(({ attributes: rule }) => [rule["port"], rule["source_ips"]]);
    assert.deepEqual(rules, [
      ["22", "${var.ssh_from}"],
      ["80", ["0.0.0.0/0", "::/0"]],
      ["443", ["0.0.0.0/0", "::/0"]],
      ["6443", ["198.51.100.0/24"]],
    ]);
    const records = blocks.filter(({ labels }) => labels[0] === "cloudflare_dns_record");
    assert.deepEqual(
      records.map(({ attributes: record }) => [
        record["type"],
        record["name"],
        record["content"],
        record["ttl"],
        record["proxied"],
      ]),
      [
        ["A", "oidc.example.com", "${hcloud_primary_ip.ipv4.ip_address}", 60, false],
        ["AAAA", "oidc.example.com", "2001:db8::1", 60, false],
      ],
    );
    const imported = blocks.filter(({ type }) => type === "import").map(({ attributes: one }) => one["id"]);
    assert.deepEqual(imported, ["1", "2", "3", "4", "5"]);
  });

  /** The values of the CAA records that an export has, as zone files write them. */
  function caaIn(blocks: readonly HclBlock[], provider: string): readonly string[] {
    const found = blocks.filter(({ labels }) => labels[1] === "caa");
    return found.flatMap(({ attributes }) => {
      assert.deepEqual([attributes["type"], attributes["ttl"]], ["CAA", 60]);
      if (provider !== "cloudflare") {
        const records = attributes["records"] as (string | { readonly value: string })[];
        assert.equal(attributes["count"], records.length === 0 ? 0 : 1);
        return records.map((one) => (typeof one === "string" ? one : one.value));
      }
      const { flags, tag, value } = attributes["data"] as Record<string, string>;
      const each = Object.entries(attributes["for_each"] as Record<string, string>);
      return each.map(([key, authority]) => {
        const text = value?.replace("${each.key}", key).replace("${each.value}", authority);
        return `${flags} ${tag} "${text}"`;
      });
    });
  }

  for (const provider of providers) {
    test(`has the CAA records that the plan has once the publisher has accounts, and before that none: ${provider}`, async () => {
      const config = await configOf(servedBy(provider));
      const [spec] = caaOf(config, "oidc.example.com");
      assert.ok(spec !== undefined && "from" in spec.values);
      const said = withAccounts.get(spec.values.from.after)?.[spec.values.from.name];
      const planned = spec.values.make(said ?? "");
      assert.equal(planned.length, 2);
      const { blocks, formatted } = read(await openTofuText(config, { imports: true, found: withAccounts }));
      assert.ok(formatted);
      assert.deepEqual(caaIn(blocks, provider), planned);
      const without = read(await openTofuText(config)).blocks;
      assert.deepEqual(caaIn(without, provider), []);
      const variable = without.find(({ labels }) => labels[0] === "caa_accounts") ?? assert.fail();
      assert.match(String(variable.attributes["description"]), /accounts at certificate authorities/u);
      assert.deepEqual([variable.attributes["type"], variable.attributes["default"]], ["map(${string})", {}]);
    });
  }

  for (const [what, text] of Object.entries({
    "its config says so": servedBy("{cloudflare: {}, caa: false}"),
    "somebody else publishes": machine,
    "the publisher is on no machine": published
      .replace(/machine:.*/u, "")
      .replace("{https", "{source: {kubeconfig: k}, https"),
  })) {
    test(`has no CAA records where ${what}`, async () => {
      const { blocks } = read(await openTofuText(await configOf(text), { found: withAccounts }));
      assert.deepEqual(
        blocks.filter(({ labels }) => labels.some((label) => label.startsWith("caa"))),
        [],
      );
    });
  }
});
