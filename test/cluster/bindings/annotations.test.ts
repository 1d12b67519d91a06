/** Annotations of a bound ServiceAccount that are somebody else's, on a real API server: what pods get decides. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import type { BindingOutcome } from "../../../src/operator/bindings/index.ts";
import { account, bindingOf, trustSpec, webRole } from "../../support/bindings/objects.ts";
import { leftOut } from "../harness/index.ts";
import { create } from "./plane.ts";
import { type BindingsWorld, isReady, readyOf, startBindingsWorld } from "./world.ts";

const skip = leftOut();

describe("a bound ServiceAccount", { skip }, () => {
  let world: BindingsWorld;

  before(async () => {
    world = await startBindingsWorld();
    // The sandbox is one account, and each account of a trust is looked at.
    const spec = {
      accounts: [{ id: account, region: "eu-central-1" }],
      grants: (trustSpec["grants"] as readonly JsonRecord[]).filter(
        ({ accounts }) => String(accounts) === account,
      ),
    };
    const patch = ["patch", "awstrust", "default", "--type=merge", "-p", JSON.stringify({ spec })];
    await world.plane.kubectl(patch);
  });

  after(() => world.stop());

  async function bind(name: string, spec: JsonRecord = { roles: [webRole] }): Promise<void> {
    const { status, text } = await create(world.plane, bindingOf(spec, { name }));
    assert.equal(status, 201, text);
  }
  const serviceAccount = (name: string): Promise<string> =>
    world.plane.kubectl(["create", "serviceaccount", "-n", "shop", name]);
  const accountOf = (name: string): Promise<KubernetesObject | undefined> =>
    world.admin.read({ kind: "ServiceAccount", namespace: "shop", name });

  const theirs = "arn:aws:iam::999988887777:role/theirs";
  for (const [name, annotation, said] of [
    ["hears", "eks.amazonaws.com/audience=vault.example.com", /audience: "vault\.example\.com"/u],
    [
      "chained",
      `chain.podtrust.dev/default=${theirs}`,
      /another role by default.*chain\.podtrust\.dev\/default/u,
    ],
  ] as const) {
    test(`is not Ready where somebody's annotation ${annotation.split("=")[0]} gives pods something else, and writes it once`, async () => {
      await serviceAccount(name);
      await world.plane.kubectl(["annotate", "serviceaccount", "-n", "shop", name, annotation]);
      await bind(name);
      const conflicts = (outcome: BindingOutcome): boolean => readyOf(outcome) === "False AnnotationConflict";
      const outcome = await world.passes("shop", name, conflicts);
      assert.match(outcome.conditions.find(({ type }) => type === "Ready")?.message ?? "", said);
      const seen = (await accountOf(name))?.metadata.resourceVersion;
      for (let passes = 0; passes < 3; passes += 1)
        assert.equal(readyOf(await world.pass("shop", name)), "False AnnotationConflict");
      assert.equal((await accountOf(name))?.metadata.resourceVersion, seen);
      const [key = ""] = annotation.split("=");
      await world.plane.kubectl(["annotate", "serviceaccount", "-n", "shop", name, `${key}-`]);
      await world.passes("shop", name, isReady);
    });
  }

  test("is Ready beside a profile that somebody else has annotated, and has its chains annotated with their external ID", async () => {
    await serviceAccount("beside");
    const annotation = `profile.podtrust.dev/theirs=${theirs}`;
    await world.plane.kubectl(["annotate", "serviceaccount", "-n", "shop", "beside", annotation]);
    const arn = "arn:aws:iam::999988887777:role/shop-reports";
    await bind("beside", {
      roles: [webRole, { profile: "reports", chain: { arn, externalId: "shop/4711" } }],
    });
    await world.passes("shop", "beside", isReady);
    assert.deepEqual((await accountOf("beside"))?.metadata.annotations, {
      "eks.amazonaws.com/role-arn": `arn:aws:iam::${account}:role/podtrust/prod.shop.beside`,
      "profile.podtrust.dev/theirs": theirs,
      "chain.podtrust.dev/reports": `${arn} shop/4711`,
    });
    const seen = (await accountOf("beside"))?.metadata.resourceVersion;
    await world.pass("shop", "beside");
    assert.equal((await accountOf("beside"))?.metadata.resourceVersion, seen);
  });
});
