/** What `plan`, `up` and `down` make at Google of a config, with the cluster's keys. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { recordOf } from "../../src/core/base/index.ts";
import { startStandInGoogle } from "../../src/sandbox/gcp.ts";
import type { CliResult } from "../support/cli.ts";
import { membersIn } from "../support/google-model.ts";
import { email, principal, projectNumber } from "./google-world.ts";
import { configWith, googleStackWorld, type GoogleStackWorld } from "./stack-world.ts";

async function stackWorld(t: TestContext, endpoint?: string): Promise<GoogleStackWorld> {
  const world = await googleStackWorld(endpoint);
  t.after(() => world.close());
  return world;
}

async function must(world: GoogleStackWorld, ...args: readonly string[]): Promise<CliResult> {
  const result = await world.podtrust(...args);
  assert.equal(result.code, 0, `${args.join(" ")}\n${result.out}${result.err}`);
  return result;
}

const members = ({ google }: GoogleStackWorld): readonly string[] =>
  membersIn(google.iam.policies.get(email) ?? {});

/** The permissions of the roles that podtrust prints. */
async function printedPermissions(world: GoogleStackWorld): Promise<readonly string[]> {
  const roles = await Promise.all(
    ["project", "service-account"].map(
      async (on) => (await must(world, "manifests", "gcp-role", "--on", on)).out,
    ),
  );
  return roles.flatMap((text) => (JSON.parse(text) as { includedPermissions: string[] }).includedPermissions);
}

describe("a config with a section gcp", () => {
  test("is made with the cluster's own keys, once, and down takes it away and says what stays taken", async (t) => {
    const world = await stackWorld(t);
    const all = ["create pool/prod", "create provider/prod/prod", `create member/prod/${email}`];
    assert.deepEqual(await world.planned(), all);
    const { out } = await must(world, "up", "--yes");
    assert.match(
      out,
      /^Google project shop-project \(123456789012\), pool prod at http:\S+, as a person who logged in$/mu,
    );
    assert.deepEqual(world.uploaded(), world.kids());
    assert.deepEqual(members(world), [principal()]);
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
    const { err } = await must(world, "down", "--yes");
    assert.match(err, /keeps the ids of what is deleted for about 30 days/u);
    assert.deepEqual([members(world), await world.planned("--down")], [[], []]);
    await must(world, "up", "--yes");
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
  });

  test("takes the right from who is no longer in it: a ServiceAccount, a service account, a pool", async (t) => {
    const world = await stackWorld(t);
    const other = "batch@shop.iam.gserviceaccount.com";
    world.google.iam.addAccount(other);
    const second = `  - email: ${other}\n    serviceAccounts: [shop/batch]`;
    await world.config(configWith(second, "[shop/web, shop/gone]"));
    await must(world, "up", "--yes");
    assert.equal(members(world).length, 2);
    await world.config(configWith());
    assert.deepEqual(await world.planned(), [`update member/prod/${email}`, `delete member/prod/${other}`]);
    await must(world, "up", "--yes");
    assert.deepEqual(
      [members(world), membersIn(world.google.iam.policies.get(other) ?? {})],
      [[principal()], []],
    );
    await world.config(configWith("pool: another"));
    assert.ok((await world.planned()).includes("delete pool/prod"));
    await must(world, "up", "--yes");
    assert.equal(world.google.iam.pool("prod")?.state, "DELETED");
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
  });

  test("takes the right, and leaves the provider, where something else of the run fails", async (t) => {
    const world = await stackWorld(t);
    const other = "batch@shop.iam.gserviceaccount.com";
    world.google.iam.addAccount(other);
    await world.config(configWith(`  - email: ${other}\n    serviceAccounts: [shop/batch]`));
    await must(world, "up", "--yes");
    const permissions = await printedPermissions(world);
    world.google.iam.permissions = new Set(
      permissions.filter((one) => one !== "iam.workloadIdentityPoolProviders.create"),
    );
    await world.config(configWith("provider: another"));
    const failed = await world.podtrust("up", "--yes");
    assert.equal(failed.code, 1);
    assert.match(failed.err, /provider\/\S+, waits for the next run, since \S+provider\/\S+ was not done$/mu);
    const states = (): readonly (string | undefined)[] =>
      ["prod", "another"].map((id) => world.google.iam.provider("prod", id)?.state);
    assert.deepEqual(states(), ["ACTIVE", undefined]);
    assert.deepEqual(membersIn(world.google.iam.policies.get(other) ?? {}), []);
    world.google.iam.permissions = undefined;
    await must(world, "up", "--yes");
    assert.deepEqual(states(), ["DELETED", "ACTIVE"]);
  });

  test("is refused with another issuer, by whose tokens Google would refuse, also where that one is listed as former", async (t) => {
    const world = await stackWorld(t);
    await must(world, "up", "--yes");
    const issuer = "https://new.example.com";
    const former = `publisher: {formerIssuers: ["https://oidc.example.com"], https: {acme: {email: a@example.com}}, source: {kubeconfig: kubeconfig}}`;
    for (const head of ["", former]) {
      await world.config(
        configWith("", undefined, head).replace("https://oidc.example.com\ncluster", `${issuer}\ncluster`),
      );
      const { code, err } = await world.podtrust("up", "--yes", "--allow-issuer-mismatch");
      assert.equal(code, 1);
      assert.match(
        err,
        /tokens of https:\/\/oidc\.example\.com are refused from then on: .*\/provider\/prod\/prod is for/u,
      );
    }
    const provider = (): unknown =>
      recordOf(world.google.iam.provider("prod", "prod")?.fields["oidc"])["issuerUri"];
    assert.equal(provider(), "https://oidc.example.com");
    await must(world, "up", "--yes", "--allow-issuer-mismatch", "--allow-replace");
    assert.equal(provider(), issuer);
  });

  test("leaves members of a pool that bindings in the cluster make, and takes them out on the way down", async (t) => {
    const world = await stackWorld(t);
    const bound = configWith("bindings: true").replace(/ {4}serviceAccounts:[^]*?shop\/web\]\n/u, "");
    await world.config(bound);
    await must(world, "up", "--yes");
    world.google.iam.setPolicy(email, {
      bindings: [{ role: "roles/iam.workloadIdentityUser", members: [principal()] }],
    });
    assert.deepEqual(await world.planned(), []);
    await must(world, "down", "--yes");
    assert.deepEqual(members(world), []);
  });

  test("tells the principal of who impersonates nobody, and writes no policy for it", async (t) => {
    const world = await stackWorld(t);
    await world.config(configWith("direct: [{serviceAccounts: [shop/reader]}]"));
    const { err } = await must(world, "up", "--yes");
    const text = principal("system:serviceaccount:shop:reader");
    assert.ok(err.includes(`note: shop/reader is ${text}: give it roles on what it needs`), err);
    assert.deepEqual(members(world), [principal()]);
  });

  test("is refused before Google is asked for anything where Google would refuse the keys, or a value", async (t) => {
    const world = await stackWorld(t);
    const long = "n".repeat(63);
    await world.config(configWith("", `[${long}/${"a".repeat(60)}]`));
    const subject = await world.podtrust("plan");
    assert.match(subject.err, /Google takes 127/u);
    await world.config(configWith().replace(`"${projectNumber}"`, "shop-project"));
    assert.match((await world.podtrust("plan")).err, /projectNumber/u);
    await world.config(configWith().replace("cluster: {kubeconfig: kubeconfig}", ""));
    const unread = await world.podtrust("plan");
    assert.match(unread.err, /code: {2}gcp-keys-unread/u);
    assert.deepEqual(world.google.calls, []);
  });

  test("works under just the permissions that manifests gcp-role prints, without any of them it does not", async (t) => {
    const world = await stackWorld(t);
    const permissions = await printedPermissions(world);
    const way = async (): Promise<readonly (number | null)[]> => {
      const codes: (number | null)[] = [];
      for (const args of [
        ["up", "--yes"],
        ["down", "--yes"],
        ["up", "--yes"],
      ])
        codes.push((await world.podtrust(...args)).code);
      await world.config(configWith('condition: "true"'));
      codes.push((await world.podtrust("up", "--yes")).code);
      await world.config(configWith());
      // The pool alone is marked anew where somebody took the mark away.
      return codes;
    };
    world.google.iam.permissions = new Set(permissions);
    assert.deepEqual(await way(), [0, 0, 0, 0]);
    for (const one of [
      "iam.serviceAccounts.setIamPolicy",
      "iam.workloadIdentityPools.undelete",
      "iam.workloadIdentityPoolProviders.update",
    ]) {
      world.google.iam.permissions = undefined;
      await must(world, "down", "--yes");
      world.google.iam.permissions = new Set(permissions.filter((other) => other !== one));
      assert.ok((await way()).includes(1), one);
    }
  });

  test("without the right to list service accounts says what it cannot notice", async (t) => {
    const world = await stackWorld(t);
    const all = ["getIamPolicy", "setIamPolicy"].map((verb) => `iam.serviceAccounts.${verb}`);
    const kinds = ["workloadIdentityPools", "workloadIdentityPoolProviders"];
    const verbs = ["create", "get", "list"];
    world.google.iam.permissions = new Set([
      ...all,
      ...kinds.flatMap((kind) => verbs.map((verb) => `iam.${kind}.${verb}`)),
    ]);
    const { err } = await must(world, "up", "--yes");
    assert.match(err, /warning: the caller may not list service accounts/u);
  });
});

describe("podtrust publish keys", () => {
  test("brings a new key of the cluster, leaves what else stands there, and takes out what it is told to", async (t) => {
    const world = await stackWorld(t);
    await must(world, "up", "--yes");
    const [old = ""] = world.kids();
    const { kid } = await world.cluster.keys.create();
    world.cluster.keys.promote(kid);
    world.cluster.keys.drop(old);
    const { out } = await must(world, "publish", "keys");
    assert.match(out, /^uploaded to Google project shop-project, provider prod\/prod$/mu);
    assert.deepEqual(world.uploaded(), [kid, old].sort());
    assert.match((await must(world, "publish", "keys")).out, /has the keys as it should/u);
    await must(world, "publish", "keys", "--without", old, "--json");
    assert.deepEqual(world.uploaded(), [kid]);
    const last = await world.podtrust("publish", "keys", "--without", kid);
    assert.deepEqual([last.code, world.uploaded()], [1, [kid]]);
    assert.match(last.err, /code: {2}gcp-keys-refused/u);
  });

  test("is refused for a config that has keys uploaded nowhere, and for a provider that is not there", async (t) => {
    const world = await stackWorld(t);
    const absent = await world.podtrust("publish", "keys");
    assert.match(absent.err, /code: {2}gcp-provider-absent/u);
    await world.config(configWith("keys: fetch"));
    const nowhere = await world.podtrust("publish", "keys");
    assert.deepEqual([nowhere.code, world.google.calls.length], [2, 1]);
    assert.match(nowhere.err, /no relying party that keys are uploaded to/u);
  });
});

describe("podtrust rotate of keys that nobody publishes", () => {
  test("shows what Google has, and that no operator keeps the keys", async (t) => {
    const world = await stackWorld(t);
    await must(world, "up", "--yes");
    const [kid = ""] = world.kids();
    const { out } = await must(world, "rotate", "status");
    assert.match(out, /no publisher: the keys are uploaded to relying parties/u);
    assert.ok(out.includes(`Google project shop-project, provider prod/prod has ${kid}`), out);
    assert.match(out, /no operator keeps the keys: there is no Secret podtrust\/podtrust-keys/u);
    const { uploads } = (await world.json("rotate", "status")) as unknown as { uploads: unknown };
    assert.deepEqual(uploads, [{ place: "Google project shop-project, provider prod/prod", kids: [kid] }]);
  });

  test("says what keeps it from looking, and fails", async (t) => {
    const world = await stackWorld(t);
    const { code, out } = await world.podtrust("rotate", "status");
    assert.deepEqual([code, /not read: Google project shop-project/u.test(out)], [1, true]);
  });

  test("takes a key from Google that is distrusted, and has nothing to restore without an operator", async (t) => {
    const world = await stackWorld(t);
    await must(world, "up", "--yes");
    const [old = ""] = world.kids();
    const { kid } = await world.cluster.keys.create();
    await must(world, "publish", "keys");
    const refused = await world.podtrust("rotate", "distrust", old);
    assert.match(
      refused.err,
      /which of them it signs with is not known here.*code: {2}publisher-key-signs/su,
    );
    assert.deepEqual(world.uploaded(), [kid, old].sort());
    const { out } = await must(world, "rotate", "distrust", old, "--force");
    assert.ok(out.includes(`${old} is not at Google project shop-project, provider prod/prod.`), out);
    assert.match(out, /No operator remembers that/u);
    assert.deepEqual(world.uploaded(), [kid]);
    const restored = await world.podtrust("rotate", "restore", old);
    assert.deepEqual([restored.code, /no operator stores the keys/u.test(restored.err)], [2, true]);
  });

  test("wants a publisher where keys are fetched", async (t) => {
    const world = await stackWorld(t);
    await world.config(configWith("keys: fetch"));
    const { code, err } = await world.podtrust("rotate", "status");
    assert.notEqual(code, 0);
    assert.match(err, /code: {2}config-without-publisher/u);
  });
});

test("the same config comes up and goes down at the sandbox's stand-in for Google", async (t) => {
  const sandbox = await startStandInGoogle({ project: "shop-project", projectNumber });
  t.after(() => sandbox.close());
  sandbox.seed({ serviceAccounts: [{ id: "shop-web" }] });
  const world = await stackWorld(t, sandbox.url);
  world.google.grantAnswer = { status: 200, body: { access_token: sandbox.adminToken, expires_in: 3600 } };
  await world.config(configWith().replace(email, "shop-web@shop-project.iam.gserviceaccount.com"));
  await must(world, "up", "--yes");
  assert.equal((await world.podtrust("plan", "--check")).code, 0);
  await must(world, "down", "--yes");
  await must(world, "up", "--yes");
  assert.equal((await world.podtrust("plan", "--check")).code, 0);
});
