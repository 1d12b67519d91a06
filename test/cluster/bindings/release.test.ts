/**
 * Who lets go of a binding, and who cannot: on a real API server, with the operator away, and with the definition of
 * trusts gone.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { finalizer } from "../../../src/rules/bindings/index.ts";
import { bindingOf, roles, trustSpec, webRole } from "../../support/bindings/objects.ts";
import { type ControlPlane, leftOut } from "../harness/index.ts";
import { makeTrust, startBindingsPlane, until } from "./plane.ts";

const skip = leftOut();
const released = JSON.stringify({ metadata: { finalizers: null } });
const operator = "system:serviceaccount:podtrust:podtrust-operator";

describe("a binding that is kept by its finalizer", { skip }, () => {
  let plane: ControlPlane;

  before(async () => {
    plane = await startBindingsPlane({}, ["shop"]);
    await makeTrust(plane, trustSpec);
    // Without a controller manager nobody aggregates, so the parts of the role admin are bound as they are.
    for (const role of ["podtrust-bindings-view", "podtrust-bindings-edit", "system:aggregate-to-admin"])
      await plane.kubectl([
        "create",
        "rolebinding",
        "-n",
        "shop",
        role.replaceAll(":", "-"),
        `--clusterrole=${role}`,
        "--user=alice",
      ]);
    for (const name of ["apart", "kept", "twice"])
      await plane.kubectl(["create", "-f", "-"], JSON.stringify(bindingOf(roles(webRole), { name })));
  });

  after(() => plane.stop());

  const arb = async (name: string, ...args: string[]): Promise<string> => {
    const [verb = "", ...more] = args;
    try {
      return await plane.kubectl([verb, "arb", "-n", "shop", name, ...more]);
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  const release = (name: string, ...more: string[]): Promise<string> =>
    arb(name, "patch", "--type=merge", "-p", released, ...more);
  const finalizers = async (name: string): Promise<string> =>
    arb(name, "get", "-o", "jsonpath={.metadata.finalizers}");
  const applied = (object: JsonRecord, ...more: string[]): Promise<string> =>
    plane.kubectl(["apply", "-f", "-", ...more, "--as=alice"], JSON.stringify(object));

  test("keeps it, whatever an admin of its namespace leaves out or takes off", async () => {
    await release("kept", "--as=alice");
    assert.equal(await finalizers("kept"), `["${finalizer}"]`);
    const again = JSON.stringify(bindingOf(roles(webRole), { name: "kept" }));
    await plane.kubectl(["replace", "-f", "-", "--as=alice"], again);
    assert.equal(await finalizers("kept"), `["${finalizer}"]`);
  });

  test("is let go by the operator and by who has the verb release, and by no admin of the namespace", async () => {
    for (const [name, who] of [
      ["apart", []],
      ["kept", [`--as=${operator}`]],
    ] as const) {
      await arb(name, "delete", "--wait=false", "--as=alice");
      assert.match(await release(name, "--as=alice"), /podtrust-release.*with the verb release/su);
      assert.equal(await finalizers(name), `["${finalizer}"]`);
      await release(name, ...who);
      assert.match(await finalizers(name), /NotFound/u);
    }
  });

  test("is unchanged for kubectl when it is applied twice, by either way of applying", async () => {
    const binding = bindingOf(
      { roles: [webRole, { profile: "out", chain: { arn: "arn:aws:iam::999988887777:role/shop-x" } }] },
      { name: "applied" },
    );
    assert.match(await applied(binding), /created$/mu);
    assert.match(await applied(binding), /unchanged$/mu);
    for (let times = 0; times < 2; times += 1) await applied(binding, "--server-side", "--force-conflicts");
    const { generation } = JSON.parse(
      await arb("applied", "get", "-o", "jsonpath={.metadata}"),
    ) as JsonRecord;
    assert.equal(generation, 1);
    assert.equal(await finalizers("applied"), `["${finalizer}"]`);
  });

  test("a trust is unchanged for kubectl when it is applied twice", async () => {
    const trust = {
      apiVersion: "podtrust.dev/v1alpha1",
      kind: "AWSTrust",
      metadata: { name: "twice" },
      spec: trustSpec,
    };
    const apply = (): Promise<string> => plane.kubectl(["apply", "-f", "-"], JSON.stringify(trust));
    assert.match(await apply(), /created$/mu);
    assert.match(await apply(), /unchanged$/mu);
  });

  test("is let go, and another is made, where the definition of trusts is gone and the API server began anew", async () => {
    await plane.kubectl(["delete", "crd", "awstrusts.podtrust.dev"]);
    await plane.useKeys(plane.keys());
    await arb("twice", "delete", "--wait=false", "--as=alice");
    assert.match(await release("twice", "--as=alice"), /podtrust-release/u);
    await until(
      "the binding's going",
      async () => `${await release("twice")}${await finalizers("twice")}`,
      (said) => /NotFound/u.test(said),
    );
    const another = bindingOf(roles(webRole), { name: "another" });
    // For some seconds after its start an API server answers 503 to what policies change: it does not know the kind yet.
    await until(
      "another binding",
      () => applied(another).catch(String),
      (said) => /created$/mu.test(said),
    );
  });
});
