import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CreateRoleCommand, DeleteRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { mapLimit } from "../../src/core/base/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { account } from "../support/sandbox.ts";
import {
  readOnly,
  sandboxEnvironment,
  stackWorld,
  type StackWorld,
  useEnvironment,
} from "../support/stack-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const ec2 = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
});

/** A config of so many roles, each with a ServiceAccount of its own. */
function manyRoles(issuer: string, count: number, more = ""): string {
  const roles = Array.from(
    { length: count },
    (_, index) =>
      `      - {name: own-${index}, serviceAccounts: [apps/own-${index}], policies: [${readOnly}]}`,
  );
  return `stack: prod\nissuer: ${issuer}\n${more}\naws:\n  - account: "${account}"\n    region: eu-central-1\n    roles:\n${roles.join("\n")}\n`;
}

/** Roles of other people. */
async function strangers(world: StackWorld, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `theirs-${index}`);
  await mapLimit(names, (RoleName) =>
    world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2 })),
  );
}

describe("an account with many roles", () => {
  test("300 of the config among 690 of others are planned, checked, looked at and deleted in few calls", async (t) => {
    const calls: string[] = [];
    const world = await stackWorld(t, { onDecision: ({ action }) => void calls.push(action) });
    await strangers(world, 690);
    await world.config(manyRoles(world.issuer.issuer, 300));
    calls.splice(0);
    assert.equal((await world.podtrust(["plan"])).code, 0);
    // Lists come in pages of 1,000: what others have costs a page, and what is not there yet nothing.
    assert.ok(calls.length < 15, calls.join(" "));
    calls.splice(0);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.ok(calls.length < 300 * 4 + 20, String(calls.length));
    calls.splice(0);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    assert.ok(calls.length < 15, calls.join(" "));
    calls.splice(0);
    const status = await world.podtrust(["status", "--only", "trust", "--only", "permission"]);
    assert.equal(status.code, 0, status.out);
    assert.ok(calls.length < 15, calls.join(" "));
    calls.splice(0);
    assert.equal((await world.podtrust(["down", "--yes"])).code, 0);
    // Once to look whether it is still ours, and one call for each thing that goes.
    assert.ok(calls.length < 300 * 3 + 20, String(calls.length));
    assert.equal(calls.filter((action) => action === "iam:DeleteRole").length, 300);
  });

  test("what was put on a role since it was read is taken off as well", async (t) => {
    const world = await stackWorld(t, {
      onDecision({ action }) {
        if (action === "iam:GetRole") put?.();
      },
    });
    await world.config(manyRoles(world.issuer.issuer, 1));
    await world.podtrust(["up", "--yes"]);
    let put: (() => void) | undefined;
    let late: Promise<unknown> | undefined;
    const inline = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: "*" },
    });
    put = () => {
      put = undefined;
      late = world.iam.send(
        new PutRolePolicyCommand({ RoleName: "own-0", PolicyName: "late", PolicyDocument: inline }),
      );
    };
    const { code, err } = await world.podtrust(["down", "--yes"]);
    await late;
    assert.equal(code, 0, err);
    await assert.rejects(world.iam.send(new DeleteRoleCommand({ RoleName: "own-0" })), /cannot be found/u);
  });

  test("who may not read all roles at once still plans, reading those alone that may be the stack's", async (t) => {
    const calls: string[] = [];
    const world = await stackWorld(t, { onDecision: ({ action }) => void calls.push(action) });
    await strangers(world, 50);
    await world.config(manyRoles(world.issuer.issuer, 3));
    await world.podtrust(["up", "--yes"]);
    const denying = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "*", Resource: "*" },
        { Effect: "Deny", Action: "iam:GetAccountAuthorizationDetails", Resource: "*" },
      ],
    };
    await useRole(world, JSON.stringify(denying));
    await world.config(manyRoles(world.issuer.issuer, 2));
    calls.splice(0);
    const { code, out, err } = await world.podtrust(["plan"]);
    assert.equal(code, 0, err);
    assert.match(out, /^- aws\/\S+\/role\/own-2 {2}delete \(no longer in the config\)$/mu);
    assert.match(err, /warning: the caller may not use iam:GetAccountAuthorizationDetails/u);
    assert.equal(calls.filter((action) => action === "iam:GetRole").length, 3);
    assert.match(err, /is not noticed$/mu);
  });
});

/** Makes this process a session of a role with this policy. */
async function useRole(world: StackWorld, policy: string): Promise<void> {
  const { AssumeRoleCommand, STSClient } = await import("@aws-sdk/client-sts");
  const RoleName = "caller";
  const trust = {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "sts:AssumeRole",
    },
  };
  await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "exactly", PolicyDocument: policy }));
  const sts = new STSClient({ region: "eu-central-1" });
  const RoleArn = `arn:aws:iam::${account}:role/${RoleName}`;
  const { Credentials: keys } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
  sts.destroy();
  useEnvironment(
    sandboxEnvironment(world.sandbox.url, {
      accessKeyId: keys?.AccessKeyId ?? "",
      secretAccessKey: keys?.SecretAccessKey ?? "",
      sessionToken: keys?.SessionToken ?? "",
    }),
  );
}

describe("many new roles", () => {
  test("are all made, and then waited for together", async (t) => {
    const calls: string[] = [];
    // Time passes while podtrust waits, and never while it writes: however slow the machine, all is new when it asks.
    const clock = new SwiftClock();
    const onDecision = ({ action }: { readonly action: string }): void => void calls.push(action);
    const world = await stackWorld(t, { propagationMs: 2500, clock, onDecision });
    const cluster = await startStandInCluster({ issuer: world.issuer.issuer, clock });
    t.after(() => cluster.close());
    const count = 40;
    for (let index = 0; index < count; index += 1) cluster.addServiceAccount("apps", `own-${index}`);
    await writeFile(join(world.folder, "kubeconfig"), cluster.kubeconfig());
    const api = await openKubernetes({ kubeconfig: join(world.folder, "kubeconfig") });
    const { jwks } = await api.oidcDocuments();
    world.issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
    await world.config(manyRoles(world.issuer.issuer, count, "cluster: {kubeconfig: kubeconfig}"));
    const { code, out, err } = await world.podtrust(["up", "--yes"], { clock });
    assert.equal(code, 0, err);
    assert.match(out, /^Done: 41 of 41\.$/mu);
    const first = calls.indexOf("sts:AssumeRoleWithWebIdentity");
    assert.ok(first > calls.lastIndexOf("iam:CreateRole"), "STS was asked before all was made");
    assert.match(
      err,
      /^waiting for 40 resources: IAM propagation delay: STS does not know the change yet, at most \d+ s$/mu,
    );
    assert.match(err, /^done: 40 resources are active after \d+ s$/mu);
  });
});

describe("an account that throttles", () => {
  test("is planned, made and taken down at the pace that it takes, and the user is told once", async (t) => {
    let refused = 0;
    let asked = 0;
    const world = await stackWorld(t, {
      iamRateLimit: { perSecond: 30, burst: 10 },
      onDecision({ action, code }) {
        if (!action.startsWith("iam:")) return;
        asked += 1;
        if (code === "Throttling") refused += 1;
      },
    });
    await world.config(manyRoles(world.issuer.issuer, 25));
    for (const args of [
      ["up", "--yes"],
      ["plan", "--check"],
      ["down", "--yes"],
    ]) {
      [asked, refused] = [0, 0];
      const { code, err } = await world.podtrust(args);
      assert.equal(code, 0, err);
      assert.ok(refused < asked / 2, `${args[0]}: ${refused} of ${asked} calls were refused`);
      const notes = err.match(
        /^note: account \d+: AWS throttles these calls: going on at the pace that it takes; given up if none gets through within 1\d\d s$/gmu,
      );
      assert.equal(notes?.length ?? 0, refused > 0 ? 1 : 0, err);
    }
  });
});
