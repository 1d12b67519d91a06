import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { parseAllDocuments } from "yaml";
import { PodtrustError } from "../../src/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../src/kubernetes/index.ts";
import {
  awsPart,
  openStack,
  demoObjects,
  type DemoRunEvent,
  type DemoRunInput,
  type DemoRunResult,
  preflightWorkload,
  removeDemoWorkload,
  runDemoWorkload,
  type WorkloadTarget,
  workloadTarget,
} from "../../src/stack/index.ts";
import {
  chainYaml,
  type ChainWorld,
  demoAccount,
  startChainWorld,
  trustWith,
} from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";
import { settle, TestClock } from "../support/clock.ts";
import { MemoryCluster, type PodLife } from "../support/memory-cluster.ts";

const { signal } = new AbortController();
const role = "k3s-demo-app";
const [running, succeeded] = [
  { phase: "Running", containerStatuses: [{ state: { running: {} } }] },
  { phase: "Succeeded", containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
];

describe("the workload's side", () => {
  const clock = new TestClock(Date.now());
  let world: ChainWorld;
  let target: WorkloadTarget;

  before(async () => {
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
        const { way } = world;
        await preflightWorkload({
          target: { ...target, ...changed },
          cluster,
          part,
          way,
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
      const usual = world.cluster.keys.list().find(({ state }) => state === "signing")?.kid ?? "";
      const key = await world.cluster.keys.create();
      world.cluster.keys.promote(key.kid);
      await assert.rejects(check(), { code: "workload-issuer", message: new RegExp(key.kid, "u") });
      world.cluster.keys.promote(usual);
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
      await assert.rejects(check({ roleArn: `arn:aws:iam::111122223333:role/other/${role}` }), {
        code: "workload-role-absent",
        message: /there is arn:aws:iam::111122223333:role\/k3s-demo-app/u,
      });
      await assert.rejects(check({ serviceAccount: "default" }), {
        code: "workload-role-absent",
        message: /does not authorize aws-test\/default/u,
      });
      const iam = await world.open({ region: "eu-central-1" }).iam();
      const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
      await iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn }));
      await iam.send(new DeleteRoleCommand({ RoleName: role }));
      await assert.rejects(check(), { code: "workload-role-absent", next: /podtrust up/u });
      iam.destroy();
    });

    test("a trust policy that also asks for the session name of the config lets the workload run", async () => {
      const iam = await world.open({ region: "eu-central-1" }).iam();
      const write = (more: Parameters<typeof trustWith>[1]): Promise<unknown> =>
        iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName: role,
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

  describe("the demo's Job", () => {
    let cluster: MemoryCluster;
    let events: DemoRunEvent[];

    beforeEach(() => {
      cluster = new MemoryCluster();
      events = [];
    });

    async function run(
      life: readonly PodLife[],
      wish = {},
      timeoutMs = 60_000,
      untilUsable: DemoRunInput["untilUsable"] = () => Promise.resolve(),
    ): Promise<DemoRunResult> {
      cluster.life = life;
      const api = cluster as unknown as KubernetesApi;
      const onEvent = (event: DemoRunEvent): void => void events.push(event);
      const over = new AbortController();
      const shared = { target, cluster: api, wish, clock, signal, timeoutMs, onEvent };
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
        const { open, way } = fresh;
        const config = await fresh.configOf(text);
        const stack = await openStack({ config, env: {}, clock, signal, way, open });
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
      await assert.rejects(run([]), { code: "plan-name-taken", message: /looks like Helm/u });
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
        (await removeDemoWorkload({ place: target, cluster: api, signal })).map(({ outcome }) => outcome);
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

  describe("manifests", () => {
    const print = (...args: string[]) =>
      podtrustHere(["manifests", ...args, "-f", world.file], { env: { HOME: world.folder } });
    const documents = (text: string): KubernetesObject[] =>
      parseAllDocuments(text).map((one) => one.toJSON() as KubernetesObject);

    test("workload: the ServiceAccount to apply, and the rest in comments", async () => {
      const { code, out } = await print("workload", demoAccount);
      assert.equal(code, 0);
      assert.deepEqual(
        documents(out).map(({ kind }) => kind),
        ["ServiceAccount"],
      );
      assert.match(
        out,
        /# {7}- name: AWS_ROLE_ARN\n# {9}value: arn:aws:iam::111122223333:role\/k3s-demo-app/u,
      );
      assert.match(out, /# {13}audience: sts\.amazonaws\.com/u);
    });

    test("workload --patch: each kind has its pod's spec where it belongs", async () => {
      const { out } = await print(
        "workload",
        demoAccount,
        "--patch",
        "cronjob/nightly",
        "--container",
        "main",
        "--json",
      );
      const { spec } = JSON.parse(out) as {
        spec: {
          jobTemplate: {
            spec: {
              template: { spec: { containers: { name: string; env: { name: string; value: string }[] }[] } };
            };
          };
        };
      };
      const [container] = spec.jobTemplate.spec.template.spec.containers;
      assert.equal(container?.name, "main");
      assert.deepEqual(Object.fromEntries(container.env.map(({ name, value }) => [name, value])), {
        AWS_REGION: "eu-central-1",
        AWS_DEFAULT_REGION: "eu-central-1",
        AWS_ROLE_ARN: `arn:aws:iam::111122223333:role/${role}`,
        AWS_ROLE_SESSION_NAME: "k3s-cluster",
        AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
      });
      const wrong = await print("workload", demoAccount, "--patch", "deploymnt/web");
      assert.match(wrong.err, /Did you mean deployment\?/u);
    });

    test("demo: the guide's names, and no second token in the pod", async () => {
      const { out } = await print("demo");
      const [account, job] = documents(out);
      assert.deepEqual([account?.metadata.name, job?.metadata.name], ["demo-service-account", "demo-app"]);
      assert.match(out, /image: amazon\/aws-cli:2\.15\.40/u);
      assert.match(out, /automountServiceAccountToken: false/u);
      const own = await print(
        "demo",
        "--image",
        "registry.example/podtrust:1",
        "--aws-endpoint",
        "http://10.0.0.1:4580",
      );
      assert.match(own.out, /args:\n {12}- job\n/u);
      assert.match(own.out, /name: AWS_ENDPOINT_URL\n {14}value: http:\/\/10\.0\.0\.1:4580/u);
      assert.match(own.out, /runAsNonRoot: true/u);
    });

    test("what the config does not say, or Kubernetes would not take, is refused with the nearest that fits", async () => {
      const unknown = await print("workload", "aws-test/demo-servise-account");
      assert.match(unknown.err, /Did you mean aws-test\/demo-service-account\?/u);
      assert.match((await print("demo", "--expiration", "599")).err, /code: {2}token-lifetime/u);
      assert.match((await print("demo", "--audience", "vault")).err, /does not accept the audience vault/u);
      assert.match((await print("workload", "demo")).err, /code: {2}subject-invalid/u);
      assert.match((await print("demo", "--path", "/a; rm -rf /")).err, /not a path of Parameter Store/u);
      const text = chainYaml(world.issuer.issuer, "kubeconfig");
      const twice = await world.configOf(
        `${text}      - name: second\n        serviceAccounts: [${demoAccount}]\n`,
      );
      assert.throws(() => workloadTarget(twice, { serviceAccount: demoAccount }), {
        message: /several roles trust/u,
      });
      assert.equal(
        workloadTarget(twice, { serviceAccount: demoAccount, role: "second" }).role.name,
        "second",
      );
    });
  });
});
