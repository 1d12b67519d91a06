/** Argo CD's own engine on what a real API server has after the operator has done its work: nothing is OutOfSync. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { type JsonRecord, recordOf } from "../../src/core/base/index.ts";
import { account, bindingOf, trustSpec, webRole } from "../support/bindings/objects.ts";
import { comparisonForms, outOfSync, syncAsArgo } from "./argo-diff.ts";
import { type BindingsWorld, isReady, startBindingsWorld } from "./bindings/world.ts";
import { buildPrograms, leftOut } from "./harness/index.ts";
import { InjectionObjects } from "./operator/injection-objects.ts";
import { onPort, startOperator, startWebhookWorld, type WebhookWorld } from "./operator/webhook-world.ts";

const skip = leftOut();
const chart = resolve(import.meta.dirname, "../../deploy/chart");

const isWebhook = ({ metadata }: JsonRecord): boolean => recordOf(metadata)["name"] === "podtrust-webhook";

describe("to Argo CD", { skip }, () => {
  let world: BindingsWorld;
  let objects: readonly JsonRecord[];

  before(async () => {
    world = await startBindingsWorld();
    const [first] = trustSpec["grants"] as readonly JsonRecord[];
    const spec = {
      ...trustSpec,
      issuer: world.issuer.issuer,
      accounts: [{ id: account, region: "eu-central-1" }],
      grants: [first],
    };
    objects = [
      { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSTrust", metadata: { name: "default" }, spec },
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "web", namespace: "shop", annotations: { "example.com/owner": "shop" } },
      },
      bindingOf({ trust: "default", roles: [webRole] }),
    ];
  });
  after(() => world.stop());

  for (const isServerSide of [false, true])
    test(`a binding, its trust and its ServiceAccount are Synced once the operator has made the role, applied ${isServerSide ? "on the server's side" : "by kubectl's way"}`, async () => {
      await syncAsArgo(world.plane, objects, isServerSide);
      await world.passes("shop", "web", isReady);
      const { metadata } =
        (await world.admin.read({ kind: "ServiceAccount", namespace: "shop", name: "web" })) ?? {};
      assert.match(metadata?.annotations?.["eks.amazonaws.com/role-arn"] ?? "", /^arn:aws:iam::/u);
      const forms = comparisonForms.filter((form) => isServerSide || form !== "structured-merge");
      for (const form of forms) assert.deepEqual(await outOfSync(world.plane, objects, form), [], form);
    });

  test("a binding that somebody changed, and an annotation of the repository's that somebody changed, are OutOfSync", async () => {
    const value = [`arn:aws:iam::${account}:policy/shop/read`];
    const patch = JSON.stringify([{ op: "replace", path: "/spec/roles/0/managed/policies", value }]);
    await world.plane.kubectl(["patch", "arb", "web", "-n", "shop", "--type=json", "-p", patch]);
    const annotate = ["annotate", "serviceaccount", "web", "-n", "shop", "--overwrite"];
    await world.plane.kubectl([...annotate, "example.com/owner=somebody"]);
    for (const form of comparisonForms) {
      const found = (await outOfSync(world.plane, objects, form)).join("\n");
      assert.match(found, /^AWSRoleBinding web \/spec\/roles/mu, form);
      assert.match(found, /^ServiceAccount web .*example\.com\/owner: "somebody" is to be "shop"$/mu, form);
      assert.doesNotMatch(found, /^AWSTrust/mu, form);
    }
  });
});

describe("to Argo CD the chart", { skip }, () => {
  let world: WebhookWorld;
  let objects: readonly JsonRecord[];

  before(async () => {
    const { helm } = await buildPrograms();
    const args = ["template", "podtrust", chart, "--namespace=podtrust", "--kube-version=1.36.3"];
    const { stdout } = await promisify(execFile)(helm, [...args, `--values=${chart}/ci/both-values.yaml`], {
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
      maxBuffer: 16 * 1024 * 1024,
    });
    world = await startWebhookWorld("Ignore");
    objects = parseAllDocuments(stdout)
      .map((one) => recordOf(one.toJSON()))
      .map((one) => (isWebhook(one) ? onPort(one, world.listen.port) : one))
      // Kinds of Prometheus' operator, whose definitions are not here.
      .filter(({ apiVersion }) => apiVersion !== undefined && apiVersion !== "monitoring.coreos.com/v1");
  });
  after(() => world.plane.stop());

  for (const isServerSide of [false, true])
    test(`is Synced once the operator has filled in the webhook's CA bundle, applied ${isServerSide ? "on the server's side" : "by kubectl's way"}`, async () => {
      await syncAsArgo(world.plane, objects, isServerSide);
      await using _running = await startOperator(world);
      await world.untilInjecting();
      assert.match(await new InjectionObjects(world.plane).bundle(), /BEGIN CERTIFICATE/u);
      const kinds = new Set(objects.map(({ kind }) => kind));
      for (const kind of ["MutatingWebhookConfiguration", "Deployment", "Secret", "Lease", "NetworkPolicy"])
        assert.ok(kinds.has(kind), kind);
      const forms = comparisonForms.filter((form) => isServerSide || form !== "structured-merge");
      for (const form of forms) assert.deepEqual(await outOfSync(world.plane, objects, form), [], form);
    });
});
