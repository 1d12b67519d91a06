/** What a plan says of the relying parties beside AWS. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { podtrustHere } from "../support/cli.ts";
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

describe("a config whose only relying party is given the keys", () => {
  const config = (keys: string): string =>
    `stack: prod\nissuer: https://kubernetes.default.svc\ngcp: [{project: my-project, projectNumber: "123456789012", keys: ${keys}}]\n`;
  const linksOf = async (keys: string, ...more: readonly string[]): Promise<readonly string[]> => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-uploaded-"));
    await writeFile(join(folder, "podtrust.yaml"), config(keys));
    // Nobody answers there, and nobody is looked for by name.
    const route = ["--connect-to", "kubernetes.default.svc:443:127.0.0.1:1"];
    const { out } = await podtrustHere(["status", "--json", ...route, ...more], {
      cwd: folder,
      clock: systemClock,
    });
    await rm(folder, { recursive: true });
    return (JSON.parse(out) as { links: { name: string }[] }).links.map(({ name }) => name);
  };

  test("has no status of documents that nobody fetches, unless one asks for them", async () => {
    const served = ["discovery", "jwks", "dns", "tls", "reachability"];
    const uploaded = await linksOf("upload");
    assert.deepEqual(
      uploaded.filter((name) => served.includes(name)),
      [],
    );
    assert.ok(uploaded.includes("cluster"));
    assert.deepEqual(await linksOf("upload", "--only", "dns"), ["dns"]);
    assert.deepEqual((await linksOf("fetch")).slice(1, 6), served);
  });
});
