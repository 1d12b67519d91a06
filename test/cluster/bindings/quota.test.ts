/** The ResourceQuota of a namespace's bindings, as `podtrust manifests quota` prints it, on a real API server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bindingOf, roles, webRole } from "../../support/bindings/objects.ts";
import { podtrustHere } from "../../support/cli.ts";
import { leftOut } from "../harness/index.ts";
import { create, startBindingsPlane, until } from "./plane.ts";

test(
  "a namespace has no more bindings and ServiceAccounts than its quota says",
  { skip: leftOut() },
  async (t) => {
    const plane = await startBindingsPlane({}, ["shop"]);
    t.after(() => plane.stop());
    const args = ["manifests", "quota", "--namespace", "shop", "--bindings", "1", "--service-accounts", "1"];
    const { code, out } = await podtrustHere(args);
    assert.equal(code, 0);
    await plane.kubectl(["apply", "-f", "-"], out);
    // Without a controller manager nobody counts what is there already.
    const hard = { "count/awsrolebindings.podtrust.dev": "1", "count/serviceaccounts": "1" };
    const used = { "count/awsrolebindings.podtrust.dev": "0", "count/serviceaccounts": "0" };
    const status = JSON.stringify({ status: { hard, used } });
    const patch = ["patch", "resourcequota", "-n", "shop", "podtrust-bindings", "--subresource=status"];
    await plane.kubectl([...patch, "--type=merge", "-p", status]);
    const bind = (name: string) => create(plane, bindingOf(roles(webRole), { name }));
    const account = (name: string): Promise<string> =>
      plane
        .kubectl(["create", "serviceaccount", "-n", "shop", name])
        .catch((error: unknown) => (error as { stderr: string }).stderr);
    const second = await until(
      "the quota of bindings",
      () => bind(`b${Math.trunc(performance.now())}`),
      ({ status: answered }) => answered !== 201,
    );
    assert.equal(second.status, 403, second.text);
    assert.match(second.text, /exceeded quota: podtrust-bindings.*count\/awsrolebindings\.podtrust\.dev=1/u);
    assert.match(await account("one"), /created/u);
    assert.match(await account("two"), /exceeded quota: podtrust-bindings/u);
    // The roles edit and admin of Kubernetes cannot lift it.
    for (const role of ["system:aggregate-to-edit", "system:aggregate-to-admin"])
      await plane.kubectl([
        "create",
        "rolebinding",
        "-n",
        "shop",
        role.slice(7),
        `--clusterrole=${role}`,
        "--user=alice",
      ]);
    const lifted = await plane
      .kubectl(["delete", "resourcequota", "-n", "shop", "podtrust-bindings", "--as=alice"])
      .catch((error: unknown) => (error as { stderr: string }).stderr);
    assert.match(lifted, /is forbidden: User "alice" cannot delete/u);
  },
);
