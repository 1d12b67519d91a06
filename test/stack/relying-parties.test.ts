/** What a plan says of the relying parties beside AWS. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { configText, stackWorld } from "../support/stack-world.ts";

const azure = `azure:
  - tenant: 11111111-2222-3333-4444-555555555555
    subscription: 33333333-4444-5555-6666-777777777777
    resourceGroup: podtrust
    identities: [{name: web, serviceAccounts: [shop/web]}]
`;

describe("a section of a relying party that nothing is made of yet", () => {
  test("is named by plan and up beside what is made, and by itself is no config to plan", async (t) => {
    const world = await stackWorld(t);
    await world.config(`${configText(world.issuer.issuer)}${azure}`);
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 0, err);
    assert.match(err, /warning: section azure is checked, and nothing is made of it yet/u);
    await world.config(`stack: prod\nissuer: ${world.issuer.issuer}\n${azure}`);
    const alone = await world.podtrust(["plan"]);
    assert.equal(alone.code, 2, alone.err);
    assert.match(
      alone.err,
      /names no AWS account, .*section azure is checked, and nothing is made of it yet/u,
    );
  });
});

describe("a cluster whose keys a relying party does not verify", () => {
  test("is refused at plan with what to do, and without its section it is not", async (t) => {
    const world = await stackWorld(t);
    const { issuer } = world.issuer;
    const cluster = await startStandInCluster({ issuer, algorithm: "ES256" });
    t.after(() => cluster.close());
    await writeFile(join(world.folder, "kubeconfig"), cluster.kubeconfig());
    const text = configText(issuer, "", "cluster: {kubeconfig: kubeconfig}");
    await world.config(`${text}${azure}`);
    const { code, err } = await world.podtrust(["plan"]);
    assert.equal(code, 1, err);
    assert.match(
      err,
      /Azure would refuse every token: Azure verifies RS256, RS384, RS512, and every key is for ES256/u,
    );
    assert.match(
      err,
      /^next: {2}Have the API servers sign with a key for RS256 .*rotate prepare .*--algorithm RS256/mu,
    );
    assert.match(err, /^code: {2}keys-not-verified$/mu);
    await world.config(text);
    assert.equal((await world.podtrust(["plan"])).code, 0);
  });
});
