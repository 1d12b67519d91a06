/** Bindings from the command line: `bind`, `plan --bindings`, and the operator's own role by the config. */
import assert from "node:assert/strict";
import { writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { CreateRoleCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import { CompactSign } from "jose";
import { systemClock } from "../../src/core/base/index.ts";
import { readTrust } from "../../src/rules/bindings/index.ts";
import { BoundAccounts } from "../../src/operator/bindings/index.ts";
import { yamlText } from "../../src/core/yaml/index.ts";
import { bindingOf, trustOf, trustSpec, webRole } from "../support/bindings/objects.ts";
import { podtrustHere } from "../support/cli.ts";
import { account } from "../support/sandbox.ts";
import { configText, stackWorld, type StackWorld } from "../support/stack-world.ts";

const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const one = {
  ...trustSpec,
  accounts: [{ id: account, region: "eu-central-1" }],
  grants: [] as readonly object[],
};
const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] };

async function files(world: StackWorld, objects: Readonly<Record<string, object | string>>): Promise<void> {
  await mkdir(join(world.folder, "bindings"), { recursive: true });
  for (const [name, value] of Object.entries(objects)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await writeFile(join(world.folder, "bindings", name), text);
  }
}

describe("podtrust bind", () => {
  test("prints the binding that its options say, as the API server takes it", async () => {
    const args = [
      "bind",
      "shop/web",
      "--policy",
      ssm,
      "--account",
      account,
      "--max-session",
      "2h",
      "--tag",
      "team=a",
    ];
    const { code, out } = await podtrustHere([...args, "--json"]);
    assert.equal(code, 0);
    const managed = { policies: [ssm], maxSessionSeconds: 7200, tags: [{ key: "team", value: "a" }] };
    assert.deepEqual(
      JSON.parse(out),
      bindingOf({ trust: "default", roles: [{ profile: "default", account, managed }] }),
    );
    assert.match((await podtrustHere(args)).out, /^kind: AWSRoleBinding$/mu);
  });

  test("prints bindings of Azure and Google: of what is there by name, id or address, and of what is made", async () => {
    const id =
      "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/apps/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
    const email = "web@shop-project.iam.gserviceaccount.com";
    for (const [args, kind, spec] of [
      [["--for", "azure"], "AzureIdentityBinding", { managed: {} }],
      [["--for", "azure", "--group", "shared"], "AzureIdentityBinding", { managed: { group: "shared" } }],
      [
        ["--for", "azure", "--existing", "web", "--group", "shared"],
        "AzureIdentityBinding",
        { existing: { name: "web", group: "shared" } },
      ],
      [["--for", "azure", "--existing", id], "AzureIdentityBinding", { existing: { resourceId: id } }],
      [["--for", "gcp"], "GCPServiceAccountBinding", { direct: true }],
      [["--for", "gcp", "--existing", email], "GCPServiceAccountBinding", { email }],
    ] as const) {
      const { code, out, err } = await podtrustHere(["bind", "shop/web", ...args, "--json"]);
      assert.equal(code, 0, err);
      const whole = { ...bindingOf({ trust: "default", ...spec }), kind };
      assert.deepEqual(JSON.parse(out), whole, args.join(" "));
    }
  });

  test("takes a managed policy of AWS's own by its name", async () => {
    const { out } = await podtrustHere(["bind", "shop/web", "--policy", "AmazonSSMReadOnlyAccess"]);
    assert.match(out, /^ +- arn:aws:iam::aws:policy\/AmazonSSMReadOnlyAccess$/mu);
  });

  for (const [name, args, said] of [
    ["no policy at all", ["shop/web"], /a role without policies may do nothing/u],
    ["a policy that is none", ["shop/web", "--policy", "Read Only"], /policies\[0\] is "arn:.*Read Only"/u],
    [
      "a role that is existing and managed",
      ["shop/web", "--policy", ssm, "--existing", `arn:aws:iam::${account}:role/x`],
      /managed, existing or a chain/u,
    ],
    [
      "a policy of AWS's at Google",
      ["shop/web", "--for", "gcp", "--policy", ssm],
      /--policy goes with --for aws, and this is for gcp/u,
    ],
    [
      "an address that is none of Google's",
      ["shop/web", "--for", "gcp", "--existing", "web@example.com"],
      /spec\.email .*does not fit/u,
    ],
    [
      "a group and a resource id",
      ["shop/web", "--for", "azure", "--existing", "/x", "--group", "g"],
      /resourceId/u,
    ],
    ["a name without a namespace", ["web", "--policy", ssm], /web is not NAMESPACE\/NAME/u],
    ["a tag without a value", ["shop/web", "--policy", ssm, "--tag", "team"], /--tag team is not KEY=VALUE/u],
  ] as const) {
    test(`refuses ${name}, and applies nothing`, async () => {
      const { code, err } = await podtrustHere(["bind", ...args, "--apply", "--kubeconfig", "/nonexistent"]);
      assert.notEqual(code, 0);
      assert.match(err, said);
    });
  }
});

describe("podtrust plan --bindings", () => {
  const plan = (world: StackWorld, ...more: string[]) =>
    world.podtrust(["plan", "--bindings", "bindings", ...more]);

  test("shows the roles that the operator would make, and makes none", async (t) => {
    const world = await stackWorld(t);
    await files(world, {
      "trust.yaml": trustOf({ ...one, grants: [grant] }),
      "web.json": bindingOf({ roles: [webRole] }),
    });
    world.changes();
    const { code, out, err } = await plan(world);
    assert.equal(code, 0, err);
    assert.match(out, /^\+ aws\/\d+\/role\/prod\.shop\.web {2}create$/mu);
    assert.match(out, /podtrust:stack +prod\/shop\/web/u);
    assert.deepEqual(
      world.changes().filter((action) => !action.includes("GetCallerIdentity")),
      [],
    );
    assert.equal((await plan(world, "--check")).code, 3);
  });

  test("exits 1 with every refusal where no grant allows a binding", async (t) => {
    const world = await stackWorld(t);
    await files(world, { "trust.yaml": trustOf(one), "web.json": bindingOf({ roles: [webRole] }) });
    const { code, err } = await plan(world);
    assert.equal(code, 1);
    assert.match(err, /shop\/web: no grant of AWSTrust default is for ServiceAccount web of namespace shop/u);
    assert.match(err, /^code: {2}binding-refused$/mu);
  });

  test("tells every mistake of every file at once", async (t) => {
    const world = await stackWorld(t);
    await files(world, {
      "a.yaml": bindingOf({ roles: [] }),
      "b.yaml": "{",
      "c.json": trustOf({ ...one, issuer: "http://x" }),
      "d.json": { apiVersion: "v1", kind: "ConfigMap" },
    });
    const { code, err } = await plan(world);
    assert.equal(code, 1);
    assert.match(err, /a\.yaml:\d+: spec\.roles has 0 entries/u);
    assert.match(err, /b\.yaml:1: /u);
    assert.match(err, /c\.json:\d+: spec issuer has to be an https URL/u);
    assert.doesNotMatch(err, /ConfigMap/u);
  });

  test("takes one file of many documents, as helm template and kustomize build print it", async (t) => {
    const world = await stackWorld(t);
    const objects = [
      trustOf({ ...one, grants: [grant] }),
      { apiVersion: "v1", kind: "Service", metadata: { name: "web" } },
      bindingOf({ roles: [webRole] }),
    ];
    const documents = objects.map((object) => `---\n# Source: web/templates/web.yaml\n${yamlText(object)}`);
    await files(world, { "rendered.yaml": `${documents.join("")}---\n# Source: web/templates/empty.yaml\n` });
    const { code, out, err } = await plan(world);
    assert.equal(code, 0, err);
    assert.match(out, /^\+ aws\/\d+\/role\/prod\.shop\.web {2}create$/mu);
  });

  test("tells of each mistake in a file of many documents, and in a List, its line", async (t) => {
    const world = await stackWorld(t);
    const wrong =
      "apiVersion: podtrust.dev/v1alpha1\nkind: AWSRoleBinding\nmetadata: {name: web, namespace: shop}\nspec:\n  trust: default\n  roles: []\n";
    const list = { apiVersion: "v1", kind: "List", items: [1, 2].map(() => bindingOf({ roles: [webRole] })) };
    await files(world, { "a.yaml": `${wrong}---\n${wrong}`, "b.json": JSON.stringify(list, undefined, 1) });
    const { err } = await plan(world);
    assert.match(err, /a\.yaml:6: spec\.roles has 0 entries/u);
    assert.match(err, /a\.yaml:13: spec\.roles has 0 entries/u);
    assert.match(err, /b\.json:5: AWSRoleBinding shop\/web is defined here, and also in b\.json:\d+/u);
  });

  test("refuses a folder without a trust, one that is not there, and flags that mean a config", async (t) => {
    const world = await stackWorld(t);
    await files(world, { "web.json": bindingOf({ roles: [webRole] }) });
    assert.match((await plan(world)).err, /there is no AWSTrust default among the files/u);
    assert.match((await world.podtrust(["plan", "--bindings", "none"])).err, /none cannot be read/u);
    assert.equal((await plan(world, "--down")).code, 2);
  });

  test("warns of an existing role that does not let the ServiceAccount in", async (t) => {
    const world = await stackWorld(t);
    const arn = `arn:aws:iam::${account}:role/theirs`;
    const trust = { Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" } };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", ...trust });
    await world.iam.send(new CreateRoleCommand({ RoleName: "theirs", AssumeRolePolicyDocument }));
    await files(world, {
      "trust.yaml": trustOf({ ...one, grants: [{ ...grant, existingRoles: [arn] }] }),
      "web.json": bindingOf({ roles: [{ profile: "default", existing: { arn } }] }),
    });
    const { code, err } = await plan(world);
    assert.equal(code, 0, err);
    assert.match(err, /warning: shop\/web: .*theirs does not authorize shop\/web/u);
  });
});

describe("the operator's own role", () => {
  const withOperator = (world: StackWorld): string =>
    configText(world.issuer.issuer, "", "operator: {trust: bindings/trust.json}");

  /** A world in which `up` made the operator's role, and the accounts as a pod of the operator has them. */
  async function operatorOf(t: TestContext, world: StackWorld): Promise<BoundAccounts> {
    const trust = trustOf({ ...one, issuer: world.issuer.issuer, grants: [grant] });
    await files(world, { "trust.json": trust });
    await world.config(withOperator(world));
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: world.issuer.issuer,
      sub: "system:serviceaccount:podtrust:podtrust-operator",
      aud: ["sts.amazonaws.com"],
      iat: now,
      exp: now + 600,
    };
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: world.key.alg, kid: world.key.kid })
      .sign(world.key.privateKey);
    const file = join(world.folder, "token");
    await writeFile(file, token);
    // As injection gives it to the operator's pod; the SDK's own chain finds it.
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
    process.env["AWS_ROLE_ARN"] = `arn:aws:iam::${account}:role/podtrust-operator`;
    process.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = file;
    const accounts = new BoundAccounts({ clock: systemClock });
    t.after(() => accounts.close());
    return accounts;
  }

  const { signal } = new AbortController();
  const roleOf = (name: string, more: object = {}) => ({
    name,
    path: "/podtrust/",
    serviceAccounts: ["shop/web"],
    subjectPatterns: [],
    policies: [ssm],
    inline: {},
    maxSession: 3600,
    sessionName: "test",
    tags: {},
    ...more,
  });

  test("is made by up, and with its own projected token makes, changes and deletes the roles of bindings", async (t) => {
    const world = await stackWorld(t);
    const accounts = await operatorOf(t, world);
    const read = readTrust(trustOf({ ...one, issuer: world.issuer.issuer, grants: [grant] }));
    assert.ok("object" in read);
    const bound = accounts.of(read.object, read.object.accounts[0] ?? { id: "", region: "" });
    const mark = "prod/shop/web";
    for (const spec of [roleOf("prod.shop.web"), roleOf("prod.shop.web", { maxSession: 7200 })]) {
      const plan = await bound.plan({ mark, roles: [spec] }, signal);
      assert.deepEqual(plan.plan.refusals, []);
      const { failed } = await bound.apply(plan, signal);
      assert.deepEqual(
        failed.map(({ error }) => error.message),
        [],
      );
    }
    const { Role } = await world.iam.send(new GetRoleCommand({ RoleName: "prod.shop.web" }));
    assert.equal(Role?.MaxSessionDuration, 7200);
    const removed = await bound.remove(mark, ["prod.shop.web"], signal);
    assert.deepEqual(removed.failed, []);
    await assert.rejects(
      world.iam.send(new GetRoleCommand({ RoleName: "prod.shop.web" })),
      /cannot be found/u,
    );
  });

  test("lets it do nothing beyond: other paths, policies, stacks, and its own role", async (t) => {
    const world = await stackWorld(t);
    const accounts = await operatorOf(t, world);
    const read = readTrust(trustOf({ ...one, issuer: world.issuer.issuer, grants: [grant] }));
    assert.ok("object" in read);
    const bound = accounts.of(read.object, read.object.accounts[0] ?? { id: "", region: "" });
    const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    const inline = {
      all: JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "*", Resource: "*" },
      }),
    };
    for (const [mark, role] of [
      ["prod/shop/web", roleOf("a", { path: "/" })],
      ["prod/shop/web", roleOf("b", { policies: [], inline })],
      ["dev/shop/web", roleOf("c")],
      ["prod", roleOf("d")],
      ["prod/shop/web", roleOf("e", { policies: [ssm, admin] })],
    ] as const) {
      const attempt = async (): Promise<void> => {
        const plan = await bound.plan({ mark, roles: [role] }, signal);
        const { failed } = await bound.apply(plan, signal);
        if (failed[0] !== undefined) throw failed[0].error;
      };
      await assert.rejects(
        attempt(),
        (error) => /aws-denied/u.test((error as { code: string }).code),
        role.name,
      );
    }
    for (const name of ["podtrust-operator", "demo"]) {
      await assert.rejects(
        (async () => {
          const plan = await bound.plan({ mark: "prod", roles: [roleOf(name, { path: "/" })] }, signal);
          const { failed } = await bound.apply(plan, signal);
          if (failed[0] !== undefined) throw failed[0].error;
        })(),
        (error) => /aws-denied/u.test((error as { code: string }).code),
        name,
      );
    }
  });

  test("is refused with the config where its trust is of another stack or issuer, or has mistakes", async (t) => {
    const world = await stackWorld(t);
    await world.config(withOperator(world));
    assert.match(
      (await world.podtrust(["plan"])).err,
      /operator\.trust: bindings\/trust\.json cannot be read/u,
    );
    await files(world, { "trust.json": trustOf({ ...one, stack: "dev" }) });
    const { err } = await world.podtrust(["plan"]);
    assert.match(err, /is of stack dev, and the config of prod/u);
    await files(world, { "trust.json": trustOf({ ...one, accounts: [] }) });
    assert.match((await world.podtrust(["plan"])).err, /trust\.json: spec\.accounts has 0 entries/u);
  });
});
