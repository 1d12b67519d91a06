import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { PodtrustError } from "../../src/core/base/index.ts";
import type { KubernetesApi } from "../../src/providers/kubernetes/index.ts";
import { awsPart, preflightWorkload, type WorkloadTarget, workloadTarget } from "../../src/stack/index.ts";
import {
  type ChainWorld,
  demoAccount,
  demoRole,
  startChainWorld,
  trustWith,
} from "../support/chain-world.ts";
import { TestClock } from "../support/clock.ts";

const { signal } = new AbortController();

describe("the workload's side", () => {
  let clock: TestClock;
  let world: ChainWorld;
  let target: WorkloadTarget;

  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    target = workloadTarget(world.config, { serviceAccount: demoAccount });
  });

  after(() => world.close());

  describe("what cannot work is refused before anything is applied", () => {
    beforeEach(async () => {
      world.cluster.misbehave(undefined);
      clock.jump(5000);
      await world.publish();
      await world.up();
    });

    async function check(
      changed: Partial<WorkloadTarget> = {},
      cluster: KubernetesApi = world.api,
    ): Promise<string[]> {
      const notices: string[] = [];
      const { config, open } = world;
      const part = awsPart({ config, env: {}, clock, open }, config.aws[0] ?? assert.fail());
      try {
        const notice = (text: string): void => void notices.push(text);
        const { route } = world;
        await preflightWorkload({
          target: { ...target, ...changed },
          cluster,
          part,
          route,
          clock,
          signal,
          notice,
        });
      } finally {
        part.close();
      }
      return notices;
    }

    test("nothing is wrong, and nothing is left unchecked", async () => {
      assert.deepEqual(await check(), []);
    });

    test("a namespace that is not there", async () => {
      await assert.rejects(check({ namespace: "nowhere" }), {
        code: "workload-namespace-missing",
        next: "Make it: kubectl create namespace nowhere",
      });
    });

    test("a cluster of another issuer", async () => {
      world.cluster.misbehave("wrong-issuer");
      await assert.rejects(check(), { code: "workload-issuer", message: /different issuers/u });
    });

    test("an issuer that nobody serves, and a key that is not published", async () => {
      const signing = world.cluster.keys.list().find(({ state }) => state === "signing")?.kid ?? "";
      const key = await world.cluster.keys.create();
      world.cluster.keys.promote(key.kid);
      await assert.rejects(check(), { code: "workload-issuer", message: new RegExp(key.kid, "u") });
      world.cluster.keys.promote(signing);
      world.cluster.keys.drop(key.kid);
      world.issuer.pages.clear();
      await assert.rejects(check(), { code: "issuer-unreached" });
    });

    test("a distrusted key with which the cluster verifies and does not sign keeps no workload from running", async () => {
      const key = await world.cluster.keys.create();
      const [notice = ""] = await check();
      assert.match(notice, new RegExp(`verifies with the key ${key.kid} too.*right after a distrust`, "u"));
      world.cluster.keys.drop(key.kid);
    });

    test("a role that is absent, of another path, or that lets somebody else in", async () => {
      await assert.rejects(check({ roleArn: `arn:aws:iam::111122223333:role/other/${demoRole}` }), {
        code: "workload-role-absent",
        message: /there is arn:aws:iam::111122223333:role\/k3s-demo-app/u,
      });
      await assert.rejects(check({ serviceAccount: "default" }), {
        code: "workload-role-absent",
        message: /does not authorize aws-test\/default/u,
      });
      const iam = await world.open({ region: "eu-central-1" }).iam();
      const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
      await iam.send(new DetachRolePolicyCommand({ RoleName: demoRole, PolicyArn }));
      await iam.send(new DeleteRoleCommand({ RoleName: demoRole }));
      await assert.rejects(check(), { code: "workload-role-absent", next: /podtrust up/u });
      iam.destroy();
    });

    test("a trust policy that also asks for the session name of the config lets the workload run", async () => {
      const iam = await world.open({ region: "eu-central-1" }).iam();
      const write = (more: Parameters<typeof trustWith>[1]): Promise<unknown> =>
        iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName: demoRole,
            PolicyDocument: trustWith(world.issuer.issuer, more),
          }),
        );
      await write({ StringEquals: { "sts:RoleSessionName": "k3s-cluster" } });
      assert.deepEqual(await check(), []);
      await write({ StringEquals: { "sts:RoleSessionName": "other" } });
      await assert.rejects(check(), {
        code: "workload-role-absent",
        message: /asks sts:RoleSessionName for "other", and it is "k3s-cluster"/u,
      });
      await write({ IpAddress: { "aws:SourceIp": "192.0.2.0/24" } });
      assert.match((await check()).join(), /depends on aws:SourceIp, which only the call itself has/u);
      iam.destroy();
    });

    test("who may not read the namespace is told what was not checked", async () => {
      const refused = (): Promise<never> =>
        Promise.reject(new PodtrustError("cluster-forbidden", "no right"));
      const api = Object.assign(Object.create(world.api) as KubernetesApi, {
        read: refused,
        oidcDocuments: () => world.api.oidcDocuments(),
      });
      Object.defineProperty(api, "server", { value: world.api.server });
      assert.match((await check({}, api)).join(), /was not checked: no right/u);
    });
  });
});
