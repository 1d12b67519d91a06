import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { PodtrustError } from "../../src/core/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import {
  awsPart,
  demoObjects,
  type DemoRunEvent,
  type DemoRunInput,
  type DemoRunResult,
  openStack,
  removeDemoWorkload,
  runDemoWorkload,
  type WorkloadTarget,
  workloadTarget,
} from "../../src/stack/index.ts";
import { chainYaml, type ChainWorld, demoAccount, startChainWorld } from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";
import { settle, TestClock } from "../support/clock.ts";
import { MemoryCluster, type PodLife } from "../support/memory-cluster.ts";

const { signal } = new AbortController();
const [running, succeeded] = [
  { phase: "Running", containerStatuses: [{ state: { running: {} } }] },
  { phase: "Succeeded", containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
];

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

  describe("the demo's Job", () => {
    let cluster: MemoryCluster;
    let events: DemoRunEvent[];

    beforeEach(() => {
      cluster = new MemoryCluster();
      events = [];
    });

    async function run(
      life: readonly PodLife[],
      spec = {},
      timeoutMs = 60_000,
      untilUsable: DemoRunInput["untilUsable"] = () => Promise.resolve(),
    ): Promise<DemoRunResult> {
      cluster.life = life;
      const api = cluster as unknown as KubernetesApi;
      const onEvent = (event: DemoRunEvent): void => void events.push(event);
      const over = new AbortController();
      const shared = { target, cluster: api, spec, clock, signal, timeoutMs, onEvent };
      const work = runDemoWorkload({ ...shared, untilUsable });
      work.catch(() => undefined).finally(() => over.abort());
      while (!over.signal.aborted) {
        await settle();
        await clock.advance(1000);
      }
      return work;
    }

    const reasons = (): string[] =>
      events.flatMap((event) => (event.type === "waiting" ? [event.reason] : []));
    const pending = (waiting: object): PodLife => ({
      status: { phase: "Pending", containerStatuses: [{ state: { waiting } }] },
    });

    test("is applied with its account, its log told line by line, and its end waited for", async () => {
      const { log, pod } = await run([
        pending({ reason: "ContainerCreating" }),
        { status: running, log: "one\ntw" },
        { status: running, log: "one\ntwo\n" },
        { status: succeeded, log: "one\ntwo\nthree" },
      ]);
      assert.deepEqual(log, ["one", "two", "three"]);
      assert.equal(pod, "demo-app-x1");
      assert.deepEqual(cluster.calls, [
        "apply ServiceAccount aws-test/demo-service-account",
        "apply Job aws-test/demo-app",
      ]);
      assert.deepEqual(reasons(), ["ContainerCreating"]);
    });

    test("on a fresh stack is applied once STS knows the role, so that its pod is not refused", async () => {
      const fresh = await startChainWorld(clock, { propagationMs: 8000 });
      try {
        // Without a cluster `up` cannot wait itself.
        const text = chainYaml(fresh.issuer.issuer, "").replace(/^cluster:.*\n/mu, "");
        const { open, route } = fresh;
        const config = await fresh.configOf(text);
        const stack = await openStack({ config, env: {}, clock, signal, route, open });
        assert.deepEqual((await stack.apply(await stack.plan())).failed, []);
        stack.close();
        const notices: string[] = [];
        const notice = (said: string): void => void notices.push(said);
        const part = awsPart({ config, env: {}, clock, open, notice }, config.aws[0] ?? assert.fail());
        const [configured] = part.account.roles;
        const owner = {
          serviceAccount: demoAccount,
          audience: "sts.amazonaws.com",
          cluster: () => Promise.resolve(fresh.api),
        };
        const made = clock.now();
        await run([{ status: succeeded }], {}, 60_000, (work) =>
          part.untilUsable(configured ?? assert.fail(), owner, work),
        );
        part.close();
        const order = events.flatMap((event) =>
          event.type === "step" ? [event.text] : event.type === "waiting" ? [event.what] : [],
        );
        assert.deepEqual(
          [...new Set(order)],
          ["ServiceAccount aws-test/demo-service-account applied", "STS", "Job aws-test/demo-app applied"],
        );
        assert.ok(clock.now() - made >= 7000, `${clock.now() - made} ms`);
        assert.deepEqual(notices, []);
      } finally {
        await fresh.close();
      }
    });

    test("a role that STS never lets the ServiceAccount into ends the demo before a pod is made", async () => {
      const never = new PodtrustError("aws-not-assumable", "still refused");
      await assert.rejects(
        run([], {}, 60_000, () => Promise.reject(never)),
        { code: "aws-not-assumable" },
      );
      assert.deepEqual(cluster.calls, ["apply ServiceAccount aws-test/demo-service-account"]);
    });

    test("a finished Job of ours is replaced, a running one of the same manifest waited for", async () => {
      const job = demoObjects(target)[1] as KubernetesObject;
      const done = { conditions: [{ type: "Complete", status: "True" }] };
      cluster.put({ ...job, status: done });
      await run([{ status: succeeded }]);
      assert.deepEqual(cluster.calls.slice(0, 1), ["remove Job aws-test/demo-app"]);
      cluster.calls.length = 0;
      await run([{ status: succeeded }]);
      assert.deepEqual(cluster.calls, ["apply ServiceAccount aws-test/demo-service-account"]);
      cluster.calls.length = 0;
      await run([{ status: succeeded }], { path: "/demo" });
      assert.deepEqual(cluster.calls.slice(0, 1), ["remove Job aws-test/demo-app"]);
    });

    test("somebody else's Job is left alone, somebody else's ServiceAccount is used as it is", async () => {
      const labels = { "app.kubernetes.io/managed-by": "Helm" };
      const metadata = { name: "demo-app", namespace: "aws-test", labels };
      cluster.put({ apiVersion: "batch/v1", kind: "Job", metadata });
      await assert.rejects(run([]), { code: "plan-name-taken", message: /seems to belong to Helm/u });
      assert.deepEqual(cluster.calls, []);
      cluster.objects.clear();
      cluster.put({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { ...metadata, name: "demo-service-account" },
      });
      await run([{ status: succeeded }]);
      assert.deepEqual(cluster.calls, ["apply Job aws-test/demo-app"]);
    });

    test("a pod that fails says with which code, and its log is there", async () => {
      const ended = {
        phase: "Failed",
        containerStatuses: [{ state: { terminated: { exitCode: 254, reason: "Error" } } }],
      };
      await assert.rejects(run([{ status: ended, log: "AccessDenied\n" }]), (error: PodtrustError) => {
        assert.equal(error.code, "workload-failed");
        assert.match(error.message, /its container ended with 254$/u);
        assert.deepEqual(error.detail["log"], ["AccessDenied"]);
        return true;
      });
    });

    test("an image that cannot be had is waited for until the deadline, with the reason; a hopeless one is not", async () => {
      const pull = pending({ reason: "ImagePullBackOff", message: 'Back-off pulling image "nowhere/x"' });
      await assert.rejects(run([pull], {}, 10_000), {
        code: "deadline-exceeded",
        message: /ImagePullBackOff/u,
      });
      const start = clock.now();
      cluster.objects.clear();
      const bad = pending({ reason: "InvalidImageName", message: "couldn't parse" });
      await assert.rejects(run([bad], {}, 600_000), {
        code: "workload-failed",
        message: /InvalidImageName/u,
      });
      assert.ok(clock.now() - start < 10_000);
    });

    test("a pod that no node takes, and none that is made at all, say why", async () => {
      const message = "0/1 nodes are available: 1 node(s) had untolerated taint";
      const status = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message }] };
      await assert.rejects(run([{ status }], {}, 3000), { message: /no node takes the pod: 0\/1 nodes/u });
      cluster.objects.clear();
      const metadata = { name: "e", namespace: "aws-test" };
      cluster.events = [
        {
          apiVersion: "v1",
          kind: "Event",
          metadata,
          type: "Warning",
          reason: "FailedCreate",
          message: "violates PodSecurity",
        },
      ];
      await assert.rejects(run([], {}, 3000), { message: /FailedCreate: violates PodSecurity/u });
    });

    test("--delete removes what carries our mark, and that only", async () => {
      await run([{ status: succeeded }]);
      const api = cluster as unknown as KubernetesApi;
      const outcomes = async (): Promise<string[]> =>
        (await removeDemoWorkload({ target, cluster: api, signal })).map(({ outcome }) => outcome);
      assert.deepEqual(await outcomes(), ["removed", "removed"]);
      assert.deepEqual(await outcomes(), ["absent", "absent"]);
      const metadata = {
        name: "demo-app",
        namespace: "aws-test",
        labels: { "podtrust/stack": "dev", "podtrust/format": "1" },
      };
      cluster.put({ apiVersion: "batch/v1", kind: "Job", metadata });
      assert.deepEqual(await outcomes(), ["not-ours", "absent"]);
    });
  });

  test("apply demo --delete needs no --role where several roles trust the ServiceAccount", async () => {
    const file = join(world.folder, "two-roles.yaml");
    const text = chainYaml(world.issuer.issuer, join(world.folder, "kubeconfig"));
    await writeFile(file, `${text}      - name: second\n        serviceAccounts: [${demoAccount}]\n`);
    const host = { env: { HOME: world.folder, KUBECONFIG: join(world.folder, "kubeconfig") }, clock };
    const refused = await podtrustHere(["apply", "demo", "-f", file], host);
    assert.match(refused.err, /several roles trust/u);
    const { code, out, err } = await podtrustHere(["apply", "demo", "--delete", "-f", file], host);
    assert.equal(code, 0, err);
    assert.match(out, /^Job aws-test\/demo-app: /u);
  });
});
