/** What `export opentofu` writes of OpenBao, beside the schema of HashiCorp's provider for Vault, as cdktf carries it. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { HclExpression } from "../../src/stack/export/hcl/index.ts";
import { openbaoOpenTofu } from "../../src/stack/parts/openbao/opentofu.ts";
import { openTofuText } from "../../src/stack/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { npmPackage } from "../support/npm-package.ts";

const carrier = npmPackage("@cdktf/provider-vault", "15.6.1");
const missing = await carrier.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const yaml = `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
openbao:
  - address: https://bao.example.com:8200
    caFile: bao-ca.pem
    mount: podtrust
    roles:
      - {name: web, serviceAccounts: [shop/web], policies: [web]}
      - {name: jobs, serviceAccounts: [shop/a, shop/b], policies: [web, jobs]}
  - address: https://other.example.com
    mount: team/podtrust
`;

type Kind = "string" | "number" | "boolean" | "list" | "map";

const kinds: Readonly<Record<string, Kind>> = {
  stringToTerraform: "string",
  numberToTerraform: "number",
  booleanToTerraform: "boolean",
  listMapper: "list",
  hashMapper: "map",
};

/** The attributes of a resource or provider, each with its kind, from what cdktf hands to Terraform. */
async function schemaOf(name: string): Promise<ReadonlyMap<string, Kind>> {
  const folder = new URL(`../../.cache/npm-@cdktf/provider-vault-15.6.1/`, import.meta.url);
  const file = new URL(`node_modules/@cdktf/provider-vault/lib/${name}/index.js`, folder);
  const text = await readFile(file, "utf8");
  const [, attributes = ""] = /synthesizeAttributes\(\) \{\s+return \{([^}]*)\}/u.exec(text) ?? [];
  return new Map(
    [...attributes.matchAll(/^\s+(\w+): cdktf\.(\w+)\(/gmu)].map(([, key = "", by = ""]) => {
      const kind = kinds[by];
      assert.ok(kind !== undefined, `${name}.${key}: ${by}`);
      return [key, kind];
    }),
  );
}

function kindOf(value: unknown): Kind {
  if (value instanceof HclExpression) return "string";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "map";
  return typeof value as Kind;
}

const modules: Readonly<Record<string, string>> = {
  vault: "provider",
  vault_jwt_auth_backend: "jwt-auth-backend",
  vault_jwt_auth_backend_role: "jwt-auth-backend-role",
};

describe("OpenBao in OpenTofu", { skip: missing ?? false }, () => {
  test("sets what HashiCorp's provider takes, each of its kind, and all that it needs", async () => {
    const config = await parseConfig(yaml, "/etc/podtrust.yaml", {});
    const blocks = openbaoOpenTofu.blocks(config, new Map());
    assert.deepEqual(
      blocks.map(({ type, labels }) => [type, ...labels].join(" ")),
      [
        "provider vault",
        "provider vault",
        "resource vault_jwt_auth_backend podtrust",
        "resource vault_jwt_auth_backend_role podtrust_web",
        "resource vault_jwt_auth_backend_role podtrust_jobs",
        "resource vault_jwt_auth_backend team_podtrust",
      ],
    );
    for (const { labels, attributes } of blocks) {
      const schema = await schemaOf(modules[labels[0] ?? ""] ?? "");
      assert.ok(schema.size > 10, `${labels[0]}: ${schema.size} attributes`);
      for (const { name, value } of attributes) {
        // Which provider a resource is of is Terraform's own argument.
        if (name === "provider") continue;
        assert.equal(kindOf(value), schema.get(name), `${labels.join(".")}.${name}`);
      }
    }
    const role = blocks.find(({ labels }) => labels[1] === "podtrust_web");
    const names = role?.attributes.map(({ name }) => name) ?? [];
    for (const needed of ["role_name", "user_claim", "backend", "bound_subject"])
      assert.ok(names.includes(needed), needed);
  });

  test("leaves a mount's description alone after it was made: an import has none, and would plan another mount", async () => {
    const config = await parseConfig(yaml, "/etc/podtrust.yaml", {});
    const text = await openTofuText(config, { imports: true });
    const mounts = text
      .split(/^resource /mu)
      .filter((block) => block.startsWith('"vault_jwt_auth_backend" '));
    assert.equal(mounts.length, 2);
    for (const mount of mounts) {
      assert.match(mount, /^ {2}description +=/mu);
      assert.match(mount, /^ {2}lifecycle \{\n {4}ignore_changes = \[description\]\n {2}\}$/mu);
    }
  });

  test("has our mark, the issuer twice, whole subjects, and what to import", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-vault-"));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "podtrust.yaml"), yaml);
    const host = { cwd: folder };
    const { code, out, err } = await podtrustHere(["export", "opentofu"], host);
    assert.equal(code, 0, err);
    const text = await openTofuText(await parseConfig(yaml, join(folder, "podtrust.yaml"), {}), {
      imports: true,
    });
    assert.ok(text.startsWith(out.slice(0, out.indexOf("output "))), "an import adds to what there is");
    for (const line of [
      'source  = "hashicorp/vault"',
      'description        = "podtrust stack=prod format=1 id=3f2a91bc"',
      'bound_issuer       = "https://oidc.example.com"',
      'oidc_discovery_url = "https://oidc.example.com"',
      'sub = "system:serviceaccount:shop:a,system:serviceaccount:shop:b"',
      'id = "auth/podtrust/role/web"',
      'id = "team/podtrust"',
      "backend           = vault_jwt_auth_backend.podtrust.path",
      "provider           = vault.bao_example_com_8200",
    ])
      assert.ok(text.includes(line), `${line}\n${text}`);
  });
});
