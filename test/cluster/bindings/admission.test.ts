/**
 * What a real API server refuses of bindings and trusts: each case of the table by which our own reader and decision
 * are tried too, so that both say the same.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { grantedBindings, ungrantedBindings, wideBinding, wideTrust } from "../../support/bindings/grants.ts";
import { malformedBindings } from "../../support/bindings/malformed-bindings.ts";
import { malformedTrusts } from "../../support/bindings/malformed-trusts.ts";
import {
  account,
  bindingOf,
  goodBinding,
  trustOf,
  trustSpec,
  webRole,
  withManaged,
} from "../../support/bindings/objects.ts";
import { finalizer } from "../../../src/rules/bindings/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { type ControlPlane, type KubernetesVersion, leftOut, testedVersions } from "../harness/index.ts";
import { collectionOf, create, makeTrust, startBindingsPlane, until } from "./plane.ts";

const skip = leftOut(testedVersions);
const namespaces = ["shop", "shop-2", "team", "team-a", "other", "preview-7"];

for (const version of testedVersions)
  describe(`a real API server ${version}`, { skip }, () => suite(version));

function suite(version: KubernetesVersion): void {
  let plane: ControlPlane;

  before(async () => {
    plane = await startBindingsPlane({ version }, [...namespaces]);
    await makeTrust(plane, trustSpec);
  });

  after(() => plane.stop());

  for (const { name, object, server } of [...malformedBindings, ...malformedTrusts]) {
    test(`a binding or trust is refused: ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 422, text);
      assert.match(text, server);
    });
  }

  for (const { name, object } of ungrantedBindings) {
    test(`a binding is denied for lack of a grant: ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 403, text);
      assert.match(text, /ValidatingAdmissionPolicy 'podtrust-grants'.*no grant of AWSTrust default/u);
    });
  }

  for (const { name, object } of grantedBindings) {
    test(`a binding that is granted is taken: ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 201, text);
    });
  }

  test("refuses a field that no binding has", async () => {
    const { status, text } = await create(plane, bindingOf({ roles: [webRole], thrust: "x" }), {
      dryRun: true,
    });
    assert.equal(status, 400, text);
    assert.match(text, /unknown field \\?"spec\.thrust/u);
  });

  test("lets a binding of a trust that does not exist pass, which is why it is decided again", async () => {
    const { status, text } = await create(plane, bindingOf({ trust: "none", roles: [webRole] }), {
      dryRun: true,
    });
    assert.equal(status, 201, text);
  });

  test("lets a binding pass that no grant allows where to judge it costs more than it lets a policy cost, and judges a small one by the same trust", async () => {
    const trust = trustOf({ ...trustSpec, ...wideTrust }, "wide");
    await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(trust));
    const asked = (spec: JsonRecord) =>
      create(plane, bindingOf({ trust: "wide", ...spec }), { dryRun: true });
    const small = await until(
      "the trust to be in force",
      () => asked(withManaged({ tags: [{ key: "tag-29", value: "x" }] })),
      ({ status }) => status !== 201,
    );
    assert.equal(small.status, 403, small.text);
    const wide = await asked(wideBinding);
    assert.equal(wide.status, 201, wide.text);
  });

  test("refuses another trust for a binding that stands, and another issuer, stack or path of a trust", async () => {
    assert.equal((await create(plane, goodBinding)).status, 201);
    const at = (object: Record<string, unknown>, name: string): Promise<Record<string, unknown>> =>
      plane
        .ask(`${collectionOf(object)}/${name}`)
        .then(({ text }) => JSON.parse(text) as Record<string, unknown>);
    const put = async (object: Record<string, unknown>, name: string, more: object): Promise<string> => {
      const body = { ...object, spec: { ...(object["spec"] as object), ...more } };
      const { status, text } = await plane.ask(`${collectionOf(object)}/${name}`, { method: "PUT", body });
      assert.equal(status, 422, text);
      return text;
    };
    const binding = await at(goodBinding, "web");
    assert.match(await put(binding, "web", { trust: "other" }), /trust cannot be changed/u);
    const trust = await at(trustOf(), "default");
    for (const [field, value] of Object.entries({
      issuer: "https://b.example.test",
      stack: "b",
      path: "/b/",
    }))
      assert.match(
        await put(trust, "default", { [field]: value }),
        new RegExp(`${field} cannot be changed`, "u"),
      );
  });

  test("takes what podtrust bind applies, and its refusal is podtrust's own", async () => {
    const policy = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
    const args = ["--account", account, "--apply", "--kubeconfig", plane.adminKubeconfig, "--policy"];
    const { code, err } = await podtrustHere(["bind", "shop/typed", ...args, policy]);
    assert.equal(code, 0, err);
    assert.match(
      await plane.kubectl(["get", "arb", "-n", "shop", "typed", "-o", "yaml"]),
      new RegExp(policy, "u"),
    );
    const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    const refused = await podtrustHere(["bind", "shop/typed", ...args, admin]);
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /no grant of AWSTrust default for ServiceAccount typed of namespace shop allows all of profile default/u,
    );
    assert.match(refused.err, /^code: {2}cluster-refused$/mu);
  });

  test("fills in the trust that a binding leaves out, and nothing in its roles", async () => {
    const { text } = await create(plane, bindingOf({ roles: [webRole] }, { name: "defaults" }), {
      dryRun: true,
    });
    // Into a list nothing is filled in: kubectl and GitOps tools would see a difference in it for ever.
    const { spec } = JSON.parse(text) as { spec: unknown };
    assert.deepEqual(spec, { trust: "default", roles: [webRole] });
  });

  async function finalizersOf(object: JsonRecord): Promise<readonly string[]> {
    const { status, text } = await create(plane, object, { dryRun: true });
    assert.equal(status, 201, text);
    const { metadata } = JSON.parse(text) as { metadata: { finalizers?: readonly string[] } };
    return metadata.finalizers ?? [];
  }

  // 1.35 has no policies that change an object, unless a feature gate is set: there the operator alone keeps bindings.
  const itself = version === "1.35" ? [] : [finalizer];

  test(`keeps a binding from its making on: ${itself.length > 0}`, async () => {
    assert.deepEqual(await finalizersOf(bindingOf({ roles: [webRole] }, { name: "kept" })), itself);
  });

  test("leaves finalizers of others as they are", async () => {
    const binding = bindingOf({ roles: [webRole] }, { name: "kept" });
    const theirs = { ...(binding["metadata"] as JsonRecord), finalizers: ["example.com/theirs"] };
    const kept = await finalizersOf({ ...binding, metadata: theirs });
    assert.deepEqual(new Set(kept), new Set(["example.com/theirs", ...itself]));
  });
}
