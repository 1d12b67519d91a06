/** `npm run demo:machine`, whole, as a person without any right types it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test, type TestContext } from "node:test";
import { type DemoFiles, layOut, nobody, processesOf, start, untilBooting } from "../demo/process.ts";
import { buildImage, leftOut, openRun } from "../harness/index.ts";

const skip = leftOut();

describe("npm run demo:machine", { skip }, () => {
  let files: DemoFiles;
  before(async () => {
    files = { run: openRun("demo"), image: await buildImage() };
    await layOut(files);
  });
  after(() => files.run.end());

  test("tells the guide's seven steps on a machine that boots, without root, and leaves nothing behind", async (context: TestContext) => {
    const begun = performance.now();
    const demo = start(context, files, "whole");
    const uid = /^Uid:\s+(\d+)/mu.exec(readFileSync(`/proc/${(await untilBooting(demo))[0]}/status`, "utf8"));
    assert.equal(uid?.[1], String(nobody));
    const how = await demo.ended;
    const said = demo.said();
    context.diagnostic(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
    assert.equal(how, 0, said);
    assert.deepEqual(said.match(/^Step \d: .*$/gmu), [
      "Step 1: Dedicated Domain Name",
      "Step 2: A Live Kubernetes Cluster",
      "Step 3: Bootstrap the Cluster",
      "Step 4: Fetch the TLS Certificate",
      "Step 5: Expose OIDC Configuration to the Internet",
      "Step 6: Add the OIDC Provider to AWS",
      "Step 7: Test the Setup",
    ]);
    for (const line of [
      /^ +host\/k3s-cluster\/k3s created$/mu,
      /^ +host\/k3s-cluster\/publisher created$/mu,
      /^ +dns\/\S+\.podtrust\.example\/CAA created$/mu,
      /the cluster at https:\/\/127\.0\.0\.1:\d+, as system:admin/u,
      /its certificate came over ACME HTTP-01 from [^]*stand-in/u,
      /GetCallerIdentity answers arn:aws:sts::\d+:assumed-role\//u,
      /denied: another ServiceAccount[^]*AccessDenied/u,
      /^One workload got credentials, 5 attempts were denied/mu,
      /8 things deleted; nothing of it is left in either cloud/u,
    ])
      assert.match(said, line);
    assert.deepEqual([processesOf(demo.temporary), readdirSync(demo.temporary)], [[], []]);
  });
});
