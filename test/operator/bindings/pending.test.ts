/** A role is shown once it is there; until then a binding says truly why it is not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DeleteRoleCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { ssm } from "../../support/bindings/objects.ts";
import { readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const key = "AWSRoleBinding shop/web";

/** An answer of IAM; calls are made again for two minutes while all are throttled. */
function throttled({ clock }: PassWorld): Error {
  clock.move(60_000);
  return Object.assign(new Error("Rate exceeded"), { name: "Throttling" });
}

interface Status {
  readonly roles?: readonly { readonly arn: string; readonly id?: string }[];
  readonly pendingRoles?: readonly { readonly arn: string }[];
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

const statusOf = (world: PassWorld): Status => world.objects.get(key)?.["status"] as Status;

/** What a status shows of roles, what it keeps for itself, and `Ready`. */
function shown(world: PassWorld): readonly unknown[] {
  const { roles = [], pendingRoles = [], conditions } = statusOf(world);
  const ready = conditions.find(({ type }) => type === "Ready");
  return [roles.length, pendingRoles.length, `${ready?.status} ${ready?.reason}`];
}

async function bound(t: Parameters<typeof passWorld>[0]): Promise<PassWorld> {
  const made = await passWorld(t);
  made.trust({
    stack: "prod",
    issuer: made.sandbox.issuer.issuer,
    accounts: [{ id: "111122223333", region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: ["111122223333"], policies: [ssm] }],
  });
  made.bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
  return made;
}

describe("a binding whose role is not there yet", () => {
  test("shows none while IAM throttles whoever makes roles, says so, and shows it once it is made", async (t) => {
    const made = await bound(t);
    const during: unknown[] = [];
    made.refusal = ({ action }) => {
      if (action !== "CreateRole") return undefined;
      during.push(shown(made));
      return throttled(made);
    };
    assert.match(readyOf(await made.pass()), /^Unknown Aws/u);
    assert.deepEqual(during[0], [0, 1, "Unknown RolePending"]);
    assert.match(String(shown(made)), /^0,1,Unknown Aws/u);
    made.refusal = () => undefined;
    for (const _ of [1, 2]) {
      made.clock.move(10_000);
      await made.pass();
    }
    assert.deepEqual(shown(made), [1, 0, "True StsAccepted"]);
    assert.equal(statusOf(made).roles?.[0]?.id, (await made.role("prod.shop.web"))?.id);
  });

  test("shows none where IAM throttles already who looks at the account", async (t) => {
    const made = await bound(t);
    made.refusal = () => throttled(made);
    assert.match(readyOf(await made.pass()), /^Unknown Aws/u);
    assert.match(String(shown(made)), /^0,0,Unknown Aws/u);
  });

  test("shows none that was deleted by hand and cannot be made again", async (t) => {
    const made = await bound(t);
    for (const _ of [1, 2]) {
      await made.pass();
      made.clock.move(10_000);
    }
    const RoleName = "prod.shop.web";
    await made.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ssm }));
    await made.iam.send(new DeleteRoleCommand({ RoleName }));
    made.clock.move(60_000);
    made.refusal = ({ action }) => (action === "CreateRole" ? throttled(made) : undefined);
    await made.pass();
    assert.match(String(shown(made)), /^0,1,Unknown Aws/u);
  });

  test("loses it when it goes, though IAM's answer to its making never came", async (t) => {
    const made = await bound(t);
    made.mishap = ({ action }) => (action === "CreateRole" ? "lost" : undefined);
    await made.pass();
    assert.notEqual(await made.role("prod.shop.web"), undefined);
    made.mishap = () => undefined;
    const object = made.objects.get(key) as KubernetesObject;
    const metadata = {
      ...object.metadata,
      finalizers: ["podtrust.dev/aws"],
      deletionTimestamp: "2026-11-28T00:00:00Z",
    };
    made.objects.set(key, { ...object, metadata });
    await made.pass();
    assert.equal(await made.role("prod.shop.web"), undefined);
  });
});

test("a role that its binding no longer wants stays in the status until it is deleted, over a restart", async (t) => {
  const made = await bound(t);
  const roles = ["default", "reports"].map((profile) => ({ profile, managed: { policies: [ssm] } }));
  made.bind({ roles });
  await made.pass();
  made.bind({ roles: roles.slice(0, 1) });
  made.mishap = ({ action }) => (action === "DeleteRole" ? "refused" : undefined);
  const names = (): readonly string[] => {
    const { roles: seen = [], pendingRoles = [] } = statusOf(made);
    return [...seen, ...pendingRoles].map(({ arn }) => arn.split("/").at(-1) ?? "");
  };
  for (let times = 0; times < 2; times += 1) {
    await made.pass();
    assert.deepEqual(names().toSorted(), ["prod.shop.web", "prod.shop.web@reports"]);
    made.restart();
  }
  made.mishap = () => undefined;
  await made.pass();
  assert.deepEqual(names(), ["prod.shop.web"]);
  assert.equal(await made.role("prod.shop.web@reports"), undefined);
});
