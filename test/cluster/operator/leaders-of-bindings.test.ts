/**
 * Bindings by two replicas of `podtrust operator run --bindings`, real processes: the leader is killed while it works, and
 * the API server's store goes back to an older state. Nothing is made twice, nothing of others is touched.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CreateRoleCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { operatorManifests } from "../../../src/operator/index.ts";
import { account, bindingOf, webRole } from "../../support/bindings/objects.ts";
import { apply, create } from "../bindings/plane.ts";
import { type BindingsWorld, startBindingsWorld } from "../bindings/world.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { maxWaitFlag } from "../../support/until.ts";
import { until } from "./until.ts";

const program = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const many = Array.from({ length: 12 }, (_, index) => `many-${index}`);
const theirs = "prod.shop.many-7";

describe("two replicas that reconcile bindings", { skip: leftOut() }, () => {
  let world: BindingsWorld;
  const replicas: ChildProcess[] = [];
  let said = "";

  before(async () => {
    world = await startBindingsWorld();
    const { plane } = world;
    await apply(plane, operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: false }));
    const trust = {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" },
    };
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    await world.iam.send(new CreateRoleCommand({ RoleName: theirs, AssumeRolePolicyDocument }));
    for (const name of many) await plane.kubectl(["create", "serviceaccount", "-n", "shop", name]);
  });

  after(async () => {
    for (const one of replicas) one.kill("SIGKILL");
    await world?.stop();
  });

  /** Starts a replica, and waits until it has seen all that is there. */
  async function start(): Promise<ChildProcess> {
    const { plane, sandbox, aws, issuer } = world;
    const token = await plane.requestToken("podtrust", "podtrust-operator", issuer.issuer);
    const [port = 0] = await freePorts(1);
    const options = ["--no-canary", "--kubeconfig", plane.kubeconfigWithToken(token)];
    const listen = ["--listen", `127.0.0.1:${port}`];
    const replica = spawn(
      process.execPath,
      [program, "operator", "run", "--bindings", ...options, ...listen],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          PATH: process.env["PATH"],
          AWS_ENDPOINT_URL: aws.url,
          AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
          AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
        },
      },
    );
    replicas.push(replica);
    replica.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-20_000)));
    const ready = async (): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    };
    await until(ready, `a replica is ready\n${said}`);
    return replica;
  }

  async function reasons(): Promise<ReadonlyMap<string, string>> {
    const { text } = await world.plane.ask("/apis/podtrust.dev/v1alpha1/namespaces/shop/awsrolebindings");
    const { items } = JSON.parse(text) as { items: readonly Record<string, unknown>[] };
    return new Map(
      items.map((item) => {
        const ready = recordsOf(recordOf(item["status"])["conditions"]).find(({ type }) => type === "Ready");
        return [String(recordOf(item["metadata"])["name"]), String(ready?.["reason"])];
      }),
    );
  }

  const roles = async (): Promise<readonly string[]> => {
    const { Roles = [] } = await world.iam.send(new ListRolesCommand({}));
    return Roles.map(({ RoleName = "" }) => RoleName).toSorted();
  };

  /** Until all but the one whose role is somebody else's are let in by STS. */
  const untilAllReady = (): Promise<void> =>
    until(async () => {
      const now = await reasons();
      return many.every((name) => now.get(name) === (name === "many-7" ? "NotOwned" : "StsAccepted"));
    }, `all bindings are Ready\n${said}`);

  test("the leader is killed in the middle of its work: the other makes the rest, and no role twice", async () => {
    const leader = await start();
    await until(() => said.includes("this process leads"), `the first leads\n${said}`);
    await start();
    const stood = await world.role(theirs);
    // Work that is done, and whose answer never comes: the worst moment for a process to end.
    let made = 0;
    world.aws.mishap = (action) => {
      if (action === "CreateRole" && (made += 1) === 5) leader.kill("SIGKILL");
      return action === "CreateRole" && made >= 5 && leader.exitCode === null && leader.signalCode === null
        ? "lose"
        : undefined;
    };
    for (const name of many) {
      const { status, text } = await create(world.plane, bindingOf({ roles: [webRole] }, { name }));
      assert.equal(status, 201, text);
    }
    await until(() => leader.signalCode === "SIGKILL", "the leader is killed");
    world.aws.mishap = () => undefined;
    await untilAllReady();
    const wanted = many.map((name) => `prod.shop.${name}`).toSorted();
    assert.deepEqual(
      (await roles()).filter((name) => name.startsWith("prod.")),
      wanted,
    );
    assert.deepEqual(await world.role(theirs), stood, "what somebody else made is as it was");
  });

  test("a store that goes back to before a binding was made and another deleted: roles follow, unique ids stay", async () => {
    const { plane } = world;
    const [server] = plane.servers;
    assert.ok(server !== undefined);
    const ids = new Map<string, string | undefined>();
    for (const name of ["many-0", "many-1"]) ids.set(name, (await world.role(`prod.shop.${name}`))?.id);
    await server.stop();
    await plane.etcd.save();
    await server.restart(plane.keys());
    await plane.kubectl(["create", "serviceaccount", "-n", "shop", "late"]);
    // For its first five seconds an API server does not know the schema by which its policy sets a finalizer.
    const late = async (): Promise<number> =>
      (await create(plane, bindingOf({ roles: [webRole] }, { name: "late" }))).status;
    await until(async () => (await late()) === 201, "the late one is made");
    await until(
      async () => (await reasons()).get("late") === "StsAccepted",
      `the late one is Ready\n${said}`,
    );
    await plane.kubectl(["delete", "arb", "-n", "shop", "many-1", maxWaitFlag]);
    assert.equal(await world.role("prod.shop.many-1"), undefined);
    const lateRole = await world.role("prod.shop.late");
    await server.stop();
    await plane.etcd.restore();
    await server.restart(plane.keys());
    await until(
      async () => (await world.role("prod.shop.many-1")) !== undefined,
      `its role is back\n${said}`,
    );
    await untilAllReady();
    assert.equal((await world.role("prod.shop.many-0"))?.id, ids.get("many-0"), "what stood is the same");
    assert.notEqual((await world.role("prod.shop.many-1"))?.id, ids.get("many-1"));
    // The cluster does not know its binding any more. It may be applied again, so that its role stays for ten minutes.
    assert.deepEqual(await world.role("prod.shop.late"), lateRole);
    assert.deepEqual((await reasons()).has("late"), false);
  });
});
