/** `podtrust doctor` with a config: what its words and switches do. The causes themselves are tested in test/doctor/chain. */
import type { DoctorReport } from "../../src/doctor/index.ts";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";

import { type ChainWorld, startChainWorld } from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";

describe("podtrust doctor with a config", () => {
  let world: ChainWorld;
  let route: readonly string[] = [];

  before(async () => {
    world = await startChainWorld(systemClock);
    // No account: nothing leaves this machine.
    const cluster = `cluster: {kubeconfig: ${join(world.folder, "kubeconfig")}}`;
    await writeFile(world.file, `stack: prod\nissuer: ${world.issuer.issuer}\n${cluster}\n`);
    const [{ toPort } = { toPort: 0 }] = world.issuer.connectTo;
    route = ["--connect-to", `${world.issuer.host}:443:127.0.0.1:${toPort}`, "--ca", world.caFile];
  });
  after(() => world.close());

  const doctor = (...args: readonly string[]) =>
    podtrustHere(["doctor", ...args], { cwd: world.folder, env: {} });

  test("names what is broken with its proof and its fix, what holds, and what was not seen; exit 3", async () => {
    world.cluster.misbehave("wrong-issuer");
    const { code, out } = await doctor(...route);
    world.cluster.misbehave(undefined);
    assert.equal(code, 3, out);
    assert.match(out, /^prod {2}https:\/\/oidc\.example\.test\n\n✖ cluster .*they are different issuers/u);
    assert.match(out, /\n✔ discovery {7}names https:\/\/oidc\.example\.test to the letter/u);
    assert.match(out, /\nThe chain breaks at cluster: IssuerMismatch\.\n/u);
    assert.match(out, /\nNot seen: provider, trust, /u);
  });

  test("by its file, in another folder and as JSON, says the same as data; exit 0 where nothing is broken", async () => {
    const { code, out } = await podtrustHere(["doctor", "-f", world.file, "--json", ...route], {
      cwd: "/",
      env: {},
    });
    const report = JSON.parse(out) as DoctorReport;
    assert.deepEqual([code, report.stack, report.broken], [0, "prod", undefined], out);
    assert.ok(report.excluded.some(({ link }) => link === "jwks"));
  });

  test("looks at the ServiceAccount that is named, though the config names none", async () => {
    const { code, out } = await doctor("--serviceaccount", "aws-test/default", ...route);
    assert.equal(code, 0, out);
  });

  test("takes an error with what was seen: the links that it leaves open are fewer", async () => {
    const { code, out } = await doctor("--error", "InvalidIdentityToken: Incorrect token audience", ...route);
    assert.equal(code, 0, out);
    assert.match(out, /The error is STS's\./u);
  });

  test("shows an error that it does not know, and says so", async () => {
    const { code, out } = await doctor("--error", "disk quota exceeded", ...route);
    assert.equal(code, 0, out);
    assert.match(out, /The error is none that doctor knows: "disk quota exceeded"/u);
  });

  test("looks at the issuer as by its URL: a page in a document's place is named as what it is, once", async () => {
    const path = "/.well-known/openid-configuration";
    const good = world.issuer.pages.get(path);
    world.issuer.pages.set(path, { headers: { "content-type": "text/html" }, body: "<html>hello</html>" });
    const { code, out } = await doctor("--json", ...route);
    if (good !== undefined) world.issuer.pages.set(path, good);
    const { broken, findings } = JSON.parse(out) as DoctorReport;
    assert.deepEqual([code, broken?.reason], [3, "DocumentIsPage"], out);
    assert.equal(findings.filter(({ verdict }) => verdict === "broken").length, 1, out);
  });

  test("asks no inner address in a job of GitHub's, whoever wrote the config", async () => {
    const { code, err } = await podtrustHere(["doctor", "--private", ...route], {
      cwd: world.folder,
      env: { GITHUB_ACTIONS: "true" },
    });
    assert.equal(code, 2, err);
    assert.match(err, /--private is not asked in a job of GitHub Actions/u);
  });

  test("says what cannot be asked together, and what is no name", async () => {
    const bad = async (...args: readonly string[]): Promise<string> => {
      const { code, err } = await doctor(...args);
      assert.equal(code, 2, err);
      return err;
    };
    assert.match(await bad("--pod", "web"), /--pod web is no NAMESPACE\/NAME/u);
    assert.match(await bad("https://oidc.example.test", "-f", world.file), /two runs/u);
    assert.match(await bad("--resolver", "dns"), /--resolver dns is no address/u);
    assert.match(await bad("--fail-on", "nothing"), /is no verdict/u);
  });

  test("is named by status where a link is broken", async () => {
    world.cluster.misbehave("wrong-issuer");
    const { out } = await podtrustHere(["status", ...route], { cwd: world.folder, env: {} });
    world.cluster.misbehave(undefined);
    assert.match(out, /\npodtrust doctor looks closer: /u);
  });
});
