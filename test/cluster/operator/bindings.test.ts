/** Bindings by the process that a cluster runs: `podtrust operator run --bindings`, with the rights that it has there. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { recordOf } from "../../../src/core/base/index.ts";
import { operatorManifests } from "../../../src/operator/index.ts";
import { bindingOf, webRole } from "../../support/bindings/objects.ts";
import { apply, create } from "../bindings/plane.ts";
import { type BindingsWorld, startBindingsWorld } from "../bindings/world.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { maxWaitFlag } from "../../support/until.ts";
import { until } from "./until.ts";

const program = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

describe("podtrust operator run --bindings", { skip: leftOut() }, () => {
  let world: BindingsWorld;
  let operator: ChildProcess;
  let said = "";

  before(async () => {
    world = await startBindingsWorld();
    const { plane, sandbox, issuer } = world;
    await apply(plane, operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: false }));
    const token = await plane.requestToken("podtrust", "podtrust-operator", issuer.issuer);
    const [port = 0] = await freePorts(1);
    const options = ["--kubeconfig", plane.kubeconfigWithToken(token), "--no-canary"];
    operator = spawn(
      process.execPath,
      [program, "operator", "run", "--bindings", ...options, "--listen", `127.0.0.1:${port}`],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          PATH: process.env["PATH"],
          AWS_ENDPOINT_URL: sandbox.url,
          AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
          AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
        },
      },
    );
    operator.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-20_000)));
  });

  after(async () => {
    operator?.kill("SIGKILL");
    await world?.stop();
  });

  async function readiness(name: string): Promise<string> {
    const object = await world.binding("shop", name);
    const conditions = (recordOf(object?.["status"])["conditions"] ?? []) as readonly Condition[];
    const ready = conditions.find(({ type }) => type === "Ready");
    return `${ready?.status} ${ready?.reason}`;
  }

  test("a binding whose ServiceAccount is not there says so, and is Ready once it came and STS let it in", async () => {
    const { status, text } = await create(world.plane, bindingOf({ roles: [webRole] }));
    assert.equal(status, 201, text);
    await until(
      async () => (await readiness("web")).startsWith("False"),
      `the binding is looked at\n${said}`,
    );
    assert.equal((await world.plane.kubectl(["create", "serviceaccount", "-n", "shop", "web"])) !== "", true);
    await until(async () => (await readiness("web")).startsWith("True"), `the binding is Ready\n${said}`);
    const role = await world.role("prod.shop.web");
    assert.ok(role !== undefined);
    const jsonpath = String.raw`jsonpath={.metadata.annotations.eks\.amazonaws\.com/role-arn}`;
    const annotation = await world.plane.kubectl([
      "get",
      "serviceaccount",
      "-n",
      "shop",
      "web",
      "-o",
      jsonpath,
    ]);
    assert.match(annotation, /:role\/.*prod\.shop\.web$/u);
  });

  test("what happened stands beside the binding as an Event", async () => {
    const args = ["get", "events.events.k8s.io", "-n", "shop", "-o", "jsonpath={.items[*].regarding.kind}"];
    await until(
      async () => (await world.plane.kubectl(args)).includes("AWSRoleBinding"),
      `an Event\n${said}`,
    );
  });

  test("a changed binding is followed, and a deleted one takes its role along", async () => {
    const role = await world.role("prod.shop.web");
    const patch = JSON.stringify({ spec: { roles: [{ ...webRole, sessionSeconds: 1800 }] } });
    await world.plane.kubectl(["patch", "arb", "-n", "shop", "web", "--type=merge", "-p", patch]);
    await until(async () => (await readiness("web")).startsWith("True"), `it is Ready again\n${said}`);
    assert.equal((await world.role("prod.shop.web"))?.id, role?.id);
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "web", maxWaitFlag]);
    assert.equal(await world.role("prod.shop.web"), undefined);
  });

  test("SIGTERM ends it", async () => {
    const ended = once(operator, "exit");
    operator.kill("SIGTERM");
    const [code, signal] = (await ended) as [number | null, string | null];
    assert.deepEqual([code, signal], [0, null], said);
  });
});
