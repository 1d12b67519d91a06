import assert from "node:assert/strict";
import { readOidcProviders, readRole } from "../../../src/providers/aws/index.ts";
import { type Guide, roleName } from "./world.ts";

/** All that was made goes, in AWS and in the cluster; then the publisher is told to end. */
export async function step(guide: Guide): Promise<void> {
  const cluster = guide.the("cluster");
  await cluster.kubectl(["delete", "job", "resident"]);
  await guide.podtrust(["apply", "demo", "--delete"]);
  // podtrust leaves what others made: this ServiceAccount is step 01's, and so is its removal.
  await cluster.kubectl(["delete", "serviceaccount", "demo-service-account"]);
  const { out } = await guide.podtrust(["down", "--yes", ...guide.route]);
  assert.match(out, /Done: 2 of 2\./u);
  const { session } = guide.the("account");
  assert.deepEqual(await readOidcProviders(session), []);
  assert.equal(await readRole(session, roleName), undefined);
  assert.match((await guide.podtrust(["down", "--yes", ...guide.route])).out, /[Nn]othing/u);
  await cluster.kubectl(["delete", "-f", "-"], (await guide.podtrust(["manifests", "publisher-rbac"])).out);
  const kinds = "namespaces,jobs,pods,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings";
  const ours = /demo-app|demo-service-account|podtrust|resident/u;
  await guide.until("an end of all that was ours", async () => {
    const names = await cluster.kubectl(["get", kinds, "--all-namespaces", "--output=name"]);
    return !names.split("\n").some((name) => ours.test(name));
  });
  assert.equal(await guide.the("serving").stop(), 0);
  assert.doesNotMatch(guide.the("serving").log(), /eyJ[\w-]+\.eyJ/u, "no token in the log");
}
