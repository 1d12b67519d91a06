import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { account } from "../support/sandbox.ts";
import { configText, stackWorld, type StackWorld } from "../support/stack-world.ts";

const providerId = `aws/${account}/oidc-provider/oidc.example.test`;

const dev = (world: StackWorld): string =>
  configText(world.issuer.issuer)
    .replace("stack: prod", "stack: dev")
    .replace("name: demo", "name: dev-demo");

/** A role of nobody's stack that trusts the issuer's provider. */
async function strangersRole(world: StackWorld, RoleName = "theirs"): Promise<void> {
  const trust = {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/oidc.example.test` },
      Action: "sts:AssumeRoleWithWebIdentity",
    },
  };
  const AssumeRolePolicyDocument = JSON.stringify(trust);
  await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
}

describe("an OIDC provider that roles outside the stack trust", () => {
  test("is not deleted by down unless that is said, and then they are named", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.podtrust(["up", "--yes"]);
    await strangersRole(world);
    world.changes();
    const { code, err } = await world.podtrust(["down", "--yes"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /oidc\.example\.test is trusted by the role theirs outside this stack: without it STS refuses/u,
    );
    assert.match(err, /^next: {2}Change those roles first, or continue anyway with --allow-in-use\.$/mu);
    assert.match(err, /^code: {2}aws-provider-in-use$/mu);
    assert.deepEqual(world.changes(), []);
    assert.equal((await world.podtrust(["plan", "--down"])).code, 1);
    const allowed = await world.podtrust(["down", "--yes", "--allow-in-use"]);
    assert.equal(allowed.code, 0);
    assert.match(allowed.err, /warning: .* is trusted by the role theirs outside this stack/u);
    assert.ok(world.changes().includes("iam:DeleteOpenIDConnectProvider"));
  });

  test("is not taken from another stack by import unless that is said", async (t) => {
    const world = await stackWorld(t);
    await world.config(dev(world));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    await world.config(configText(world.issuer.issuer));
    world.changes();
    const { code, err } = await world.podtrust(["import", "provider", "--yes"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /is trusted by the role dev-demo outside this stack: a later podtrust down of this stack/u,
    );
    assert.deepEqual(world.changes(), []);
    assert.equal((await world.podtrust(["import", "provider", "--yes", "--allow-in-use"])).code, 0);
    // From now on down of this stack would take it from them.
    assert.equal((await world.podtrust(["down", "--yes"])).code, 1);
  });

  test("may be taken over from nobody's hands, with a word on who trusts it", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.iam.send(new CreateOpenIDConnectProviderCommand({ Url: world.issuer.issuer }));
    for (let index = 0; index < 12; index += 1) await strangersRole(world, `theirs-${index}`);
    const { code, err } = await world.podtrust(["import", "provider", "--yes"]);
    assert.equal(code, 0, err);
    assert.match(err, /warning: .* is trusted by the roles theirs-0, .*, 2 more outside this stack/u);
  });
});

describe("what another stack has", () => {
  test("is marked and counted as blocked, with advice that can be followed", async (t) => {
    const world = await stackWorld(t);
    await world.config(dev(world));
    await world.podtrust(["up", "--yes"]);
    await world.config(configText(world.issuer.issuer));
    const { code, out, err } = await world.podtrust(["plan"]);
    assert.equal(code, 1);
    assert.match(
      out,
      new RegExp(
        `^! ${providerId} {2}blocked \\(exists already and belongs to podtrust stack "dev"\\)$`,
        "mu",
      ),
    );
    assert.match(out, /^1 to create, 1 blocked\.$/mu);
    assert.match(err, /^next: {2}An account has one OIDC provider for an issuer\./mu);
    // Following the advice works.
    assert.equal((await world.podtrust(["up", "--yes", "--skip", "oidc-provider"])).code, 0);
    assert.equal((await world.podtrust(["import", world.issuer.issuer, "--yes", "--allow-in-use"])).code, 0);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  });
});

describe("down", () => {
  test("of an account that holds nothing of the stack says so, and counts nothing as unchanged", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const { code, out } = await world.podtrust(["down", "--yes"]);
    assert.equal(code, 0);
    assert.match(out, /^Nothing to do\.$/mu);
  });
});

describe("a cluster of another issuer than the config's", () => {
  test("is refused before anything is made, unless that is said; and one that is right or away is not", async (t) => {
    const world = await stackWorld(t);
    const cluster = await startStandInCluster({ issuer: "https://other.example.test" });
    t.after(() => cluster.close());
    const kubeconfig = join(world.folder, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig());
    const text = configText(world.issuer.issuer, "", "cluster: {kubeconfig: kubeconfig}");
    await world.config(text);
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 1);
    assert.match(err, /^code: {2}issuer-mismatch$/mu);
    assert.match(err, /other\.example\.test/u);
    assert.deepEqual(world.changes(), []);
    const allowed = await world.podtrust(["plan", "--allow-issuer-mismatch"]);
    assert.equal(allowed.code, 0);
    assert.match(allowed.err, /warning: .*other\.example\.test/u);
    // While the cluster is changed to the issuer of the config, AWS is made ready first.
    const publisher = "publisher:\n  formerIssuers: [https://other.example.test]\n  https: {acme: {}}\n";
    await world.config(`${text}${publisher}`);
    const adopted = await world.podtrust(["plan"]);
    assert.equal(adopted.code, 0, adopted.err);
    assert.match(adopted.err, /warning: .*other\.example\.test, which publisher\.formerIssuers lists/u);
    await world.config(text);
    // What deletes makes nothing that could not work.
    assert.equal((await world.podtrust(["down", "--yes"])).code, 0);
    await writeFile(kubeconfig, cluster.kubeconfig().replace(/127\.0\.0\.1:\d+/u, "127.0.0.1:1"));
    const away = await world.podtrust(["plan"]);
    assert.equal(away.code, 0);
    assert.match(away.err, /warning: whether the cluster has this issuer was not checked: /u);
  });
});

describe("with --ca", () => {
  test("plan works while the issuer cannot be read, and up makes the provider with thumbprints once it can", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const pages = new Map(world.issuer.pages);
    world.issuer.pages.clear();
    const early = await world.podtrust(["plan"]);
    assert.equal(early.code, 0, early.err);
    assert.match(early.out, /thumbprints +\(known after https:\/\/oidc\.example\.test can be read\)/u);
    assert.match(early.err, /warning: .* cannot be read .*up makes no OIDC provider before it can/u);
    await world.podtrust(["plan", "-o", "plan.json"]);
    for (const [path, page] of pages) world.issuer.pages.set(path, page);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    // A provider that is there keeps its thumbprints while nobody can say what they should be.
    world.issuer.pages.clear();
    const late = await world.podtrust(["plan", "--check"]);
    assert.equal(late.code, 0, late.out + late.err);
  });
});
