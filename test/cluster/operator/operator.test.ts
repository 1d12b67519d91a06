/** The operator on a real API server: one leads, what was missed is found, dead injection is seen, rights are the least. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/core/base/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import {
  keysSecret,
  Operator,
  operatorManifests,
  type OperatorOptions,
} from "../../../src/operator/index.ts";
import { KeyKeeper } from "../../../src/publisher/index.ts";
import { googleEnvironment, googleWorld, projectNumber } from "../../gcp/google-world.ts";
import { podtrustHere } from "../../support/cli.ts";
import { parse } from "../../support/config-text.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import { type ControlPlane, freePorts, leftOut, startControlPlane } from "../harness/index.ts";
import { until } from "./until.ts";
import { type Owner, podOf, roleVariables } from "./pods.ts";
import { injector } from "./policy-injector.ts";

const role = "arn:aws:iam::111122223333:role/web";
const user = "system:serviceaccount:podtrust:podtrust-operator";

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

interface WrittenEvent {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly series?: { readonly count: number };
}

describe("the operator on a real API server", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  let admin: KubernetesApi;
  let own: KubernetesApi;
  let ownKubeconfig: string;

  before(async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com" });
    admin = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
    const manifests = operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: true });
    await cluster.kubectl(["apply", "-f", "-"], list(manifests));
    const groups = ["system:serviceaccounts", "system:serviceaccounts:podtrust", "system:authenticated"];
    ownKubeconfig = await cluster.kubeconfigFor(user, groups);
    own = await openKubernetes({ kubeconfig: ownKubeconfig });
    // Without a controller manager nobody makes it.
    await cluster.kubectl(["create", "serviceaccount", "default", "-n", "podtrust"]);
  });
  after(() => cluster.stop());

  /** An operator that runs until it is disposed of. */
  function start(more: Partial<OperatorOptions> = {}) {
    const over = new AbortController();
    const logger = rememberingLogger();
    const operator = new Operator({
      api: own,
      namespace: "podtrust",
      clock: systemClock,
      logger,
      leaseDurationMs: 2000,
      canary: false,
      ...more,
    });
    const running = operator.run(over.signal);
    const stop = async (): Promise<void> => {
      over.abort(new Error("the test is over"));
      await running;
    };
    return { operator, logger, stop, [Symbol.asyncDispose]: stop };
  }

  async function apply(namespace: string, ...items: readonly object[]): Promise<void> {
    await cluster.kubectl(["create", "-n", namespace, "-f", "-"], list(items));
  }

  async function eventsOf(namespace: string): Promise<readonly WrittenEvent[]> {
    const { text } = await cluster.ask(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    return (JSON.parse(text) as { items: readonly WrittenEvent[] }).items;
  }

  async function makeNamespace(name: string): Promise<void> {
    await cluster.kubectl(["create", "namespace", name]);
    await cluster.kubectl(["create", "serviceaccount", "web", "-n", name]);
  }

  const annotate = (namespace: string, value: string): Promise<string> =>
    cluster.kubectl([
      "annotate",
      "serviceaccount",
      "web",
      "-n",
      namespace,
      "--overwrite",
      `eks.amazonaws.com/role-arn=${value}`,
    ]);

  async function replicaSet(namespace: string, name = "web", env: readonly object[] = []): Promise<Owner> {
    const labels = { app: name };
    const containers = [{ name: "web", image: "example.com/web", env }];
    const template = { metadata: { labels }, spec: { serviceAccountName: "web", containers } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    await apply(namespace, { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name }, spec });
    const args = ["get", "rs", name, "-n", namespace, "-o", "jsonpath={.metadata.uid}"];
    return { kind: "ReplicaSet", name, uid: await cluster.kubectl(args) };
  }

  test("a pod that was missed gets an Event on itself and its owner, once, and is counted until it is gone", async () => {
    await makeNamespace("missed");
    const owner = await replicaSet("missed");
    await apply("missed", podOf("one", "web", owner), podOf("bare", "web"));
    await using running = start();
    const { operator } = running;
    await until(() => operator.status.ready && operator.status.leadership.leads, "it leads and has seen all");
    await until(() => operator.status.controllers[0]?.queue === 0, "it has looked at all");
    assert.deepEqual(operator.status.found, [], "without a role nothing is missed");
    await annotate("missed", role);
    await until(() => operator.status.found.length === 2, "both pods are found");
    assert.deepEqual(
      operator.status.found.map(({ reason }) => reason),
      ["PodNotInjected", "PodNotInjected"],
    );
    await until(async () => (await eventsOf("missed")).length === 3, "three Events");
    const told = (await eventsOf("missed")).map(
      ({ reason, regarding }) => `${reason} ${regarding.kind} ${regarding.name}`,
    );
    assert.deepEqual(told.toSorted(), [
      "PodNotInjected Pod bare",
      "PodNotInjected Pod one",
      "PodNotInjected ReplicaSet web",
    ]);
    await cluster.kubectl(["annotate", "pod", "one", "-n", "missed", "podtrust.dev/touch=1"]);
    await cluster.kubectl(["delete", "pod", "one", "bare", "-n", "missed", "--force", "--grace-period=0"]);
    await until(() => operator.status.found.length === 0, "nothing is found any more");
    assert.equal((await eventsOf("missed")).length, 3, "nothing is said twice");
    assert.equal(operator.status.evicted, 0);
  });

  test("of three replicas one leads, another takes over from a leader that is killed in the middle, and no Event is doubled", async () => {
    await makeNamespace("leaders");
    await annotate("leaders", role);
    const pods = Array.from({ length: 60 }, (_, index) => podOf(`pod-${index}`, "web"));
    await apply("leaders", ...pods);
    const [port = 0] = await freePorts(1);
    const program = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
    const listen = ["--listen", `127.0.0.1:${port}`];
    const args = [program, "operator", "run", "--kubeconfig", ownKubeconfig, "--no-canary", ...listen];
    const first = spawn(process.execPath, args, { stdio: "ignore" });
    try {
      await until(async () => (await eventsOf("leaders")).length >= 5, "the first is at work");
      const { code, out } = await podtrustHere(["operator", "status", "--address", `127.0.0.1:${port}`], {
        clock: systemClock,
      });
      assert.equal(code, 3, "pods are missed");
      assert.match(
        out,
        /ready; this process leads[^]*follows pods: \d+ kept, up to date[^]*leaders\/pod-\d+: PodNotInjected/u,
      );
    } finally {
      first.kill("SIGKILL");
    }
    const skewed = { ...systemClock, now: () => systemClock.now() + 3_600_000 };
    await using second = start({ clock: skewed, identity: "second" });
    await using third = start({ identity: "third" });
    const others = [second.operator, third.operator];
    await until(() => others.every(({ status }) => status.ready), "both read, whoever leads");
    await until(() => others.some(({ status }) => status.leadership.leads), "another leads");
    await until(async () => (await eventsOf("leaders")).length >= 60, "all pods are told of");
    await until(
      () => others.some(({ status }) => status.controllers[0]?.queue === 0 && status.found.length >= 60),
      "all is done",
    );
    assert.equal(others.filter(({ status }) => status.leadership.leads).length, 1);
    const names = (await eventsOf("leaders")).map(({ regarding }) => regarding.name);
    assert.deepEqual([names.length, new Set(names).size], [60, 60], "each pod has one Event");
    await cluster.kubectl(["delete", "pods", "--all", "-n", "leaders", "--force", "--grace-period=0"]);
  });

  test("a leader that ends gives its lease back, so that the next one has it at once", async () => {
    const first = start({ leaseDurationMs: 60_000 });
    await until(() => first.operator.status.leadership.leads, "the first leads");
    await using second = start();
    await until(() => second.operator.status.leadership.leader !== undefined, "the second has seen it");
    await first.stop();
    // It would take a minute otherwise, and more than `until` has.
    await until(() => second.operator.status.leadership.leads, "the second leads");
    assert.match(first.logger.lines.join("\n"), /leads no longer/u);
  });

  test("a pod whose owner makes a better one is evicted, a bare one and a Job's never, and a budget is kept to", async () => {
    await cluster.kubectl(["delete", "mutatingadmissionpolicy", "test-injection", "--ignore-not-found"]);
    await makeNamespace("evicted");
    await annotate("evicted", role);
    const another = roleVariables("arn:aws:iam::111122223333:role/another");
    const owner = await replicaSet("evicted");
    const renamed = await replicaSet("evicted", "before");
    const stubborn = await replicaSet("evicted", "stubborn", another);
    await apply(
      "evicted",
      podOf("owned", "web", owner),
      podOf("of-before", "web", renamed, another),
      podOf("by-template", "web", stubborn, another),
      podOf("bare", "web"),
      podOf("of-a-job", "web", { kind: "Job", name: "job", uid: "5e0f1a3c-0000-4000-8000-000000000000" }),
    );
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
    };
    // Running pods are what a budget counts.
    for (const name of ["owned", "of-before", "by-template", "bare", "of-a-job"]) {
      const conditions = [{ type: "Ready", status: "True" }];
      const path = `/api/v1/namespaces/evicted/pods/${name}/status`;
      const pod = JSON.parse((await cluster.ask(path)).text) as object;
      const answer = await cluster.ask(path, {
        method: "PUT",
        body: { ...pod, status: { phase: "Running", conditions } },
      });
      assert.equal(answer.status, 200, answer.text);
    }
    await apply("evicted", budget);
    const patient = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 20, signal),
      elapsed: () => systemClock.elapsed() * 20,
    };
    await using running = start({ evict: { perMinute: 60 }, clock: patient, leaseDurationMs: 60_000 });
    const { operator, logger } = running;
    await until(
      () => operator.status.found.filter(({ pod }) => pod.startsWith("evicted/")).length === 5,
      "all five are found",
    );
    await until(
      () => logger.lines.some((line) => line.includes('"outcome":"budget"')),
      "the budget forbids it",
    );
    assert.equal(operator.status.evicted, 0);
    await cluster.kubectl(["delete", "pdb", "web", "-n", "evicted"]);
    await until(() => operator.status.evicted === 2, "those that a new pod cures are evicted");
    await until(
      async () => (await eventsOf("evicted")).filter(({ reason }) => reason === "PodEvicted").length === 2,
      "it is told",
    );
    const { text } = await cluster.ask("/api/v1/namespaces/evicted/pods");
    const pods = (JSON.parse(text) as { items: { metadata: { name: string; deletionTimestamp?: string } }[] })
      .items;
    const left = pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
    assert.deepEqual(left.toSorted(), ["bare", "by-template", "of-a-job"]);
  });

  test("dead injection is seen by a trial that leaves nothing behind, told of, and that it works again as well", async () => {
    const quick = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 500), signal),
    };
    await using running = start({ canary: "podtrust-canary", clock: quick });
    const { operator } = running;
    await until(() => operator.status.canary?.state === "dead", "nothing injects");
    assert.match(operator.status.degraded.join("\n"), /a pod made for trial has no/u);
    await until(
      async () => (await eventsOf("podtrust")).some(({ reason }) => reason === "InjectionDead"),
      "it is told",
    );
    await apply("podtrust", ...injector("AWS_ROLE_ARN"));
    await until(() => operator.status.canary?.state === "injecting", "injection works");
    assert.deepEqual(operator.status.degraded, []);
    await cluster.kubectl(["delete", "mutatingadmissionpolicybinding", "test-injection"]);
    await until(() => operator.status.canary?.state === "dead", "injection is dead again");
    await cluster.kubectl(["delete", "mutatingadmissionpolicy", "test-injection"]);
    assert.equal(await cluster.kubectl(["get", "pods", "-n", "podtrust", "-o", "name"]), "");
    const dead = (await eventsOf("podtrust")).filter(({ reason }) => reason === "InjectionDead");
    assert.equal(dead.length, 1, "the same thing is one Event");
  });

  test("dead injection is seen as well where pods without their role are refused", async () => {
    const quick = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 500), signal),
    };
    await cluster.kubectl(["label", "namespace", "podtrust", "podtrust.dev/injection=serviceaccounts"]);
    const { out } = await podtrustHere(["manifests", "injection", "--mode", "serviceaccounts", "--deny"]);
    await cluster.kubectl(["apply", "--server-side", "-f", "-"], out);
    await using running = start({ canary: "podtrust-canary", clock: quick });
    const { operator } = running;
    await until(() => operator.status.canary?.state === "injecting", "injection works");
    await cluster.kubectl(["delete", "mutatingadmissionpolicybinding", "podtrust-injection"]);
    await until(() => operator.status.canary?.state !== "injecting", "injection is dead");
    const { state, text = "" } = operator.status.canary ?? {};
    assert.equal(state, "dead", text);
    assert.match(
      text,
      /^a pod made for trial was refused: the pod has no AWS_ROLE_ARN in the container canary/u,
    );
    await cluster.kubectl(["delete", "--ignore-not-found", "-f", "-"], out);
  });

  test("an API server that is frozen and killed is outlived: leader and reader go on, and say so meanwhile", async () => {
    await makeNamespace("outage");
    await annotate("outage", role);
    await using running = start({ silenceMs: 2000 });
    const { operator } = running;
    await until(() => operator.status.ready && operator.status.leadership.leads, "it leads");
    const server = cluster.servers[0];
    assert.ok(server !== undefined);
    process.kill(server.pid(), "SIGSTOP");
    await until(() => !operator.status.leadership.leads, "the lead is lost");
    await until(() => operator.status.degraded.length > 0, "it says so");
    process.kill(server.pid(), "SIGKILL");
    await server.restart(cluster.keys());
    await apply("outage", podOf("late", "web"));
    await until(
      () => operator.status.found.some(({ pod }) => pod === "outage/late"),
      "what came after it is found",
    );
    assert.ok(operator.status.leadership.leads);
  });

  test("the leader uploads the cluster's keys where nobody publishes them, and remembers them in its Secret", async (t) => {
    const spec = { namespace: "podtrust", name: "podtrust-operator", evict: true, keys: true };
    await cluster.kubectl(["apply", "-f", "-"], list(operatorManifests(spec)));
    const world = await googleWorld(t);
    const { google } = world;
    await world.up();
    const env = await googleEnvironment(t, google);
    const config = await parse(
      `stack: prod\nissuer: https://oidc.example.com\ngcp: [{project: shop-project, projectNumber: "${projectNumber}"}]\n`,
    );
    const secret = { namespace: "podtrust", name: keysSecret };
    const logger = rememberingLogger();
    const keys = new KeyKeeper({ config, cluster: own, secret, env, clock: systemClock, logger });
    await using running = start({ keys });
    const { jwks } = await admin.oidcDocuments();
    const [{ kid = "" } = {}] = (JSON.parse(Buffer.from(jwks).toString()) as { keys: { kid?: string }[] })
      .keys;
    const uploaded = (): string => JSON.stringify(google.iam.provider("prod", "prod")?.fields["oidc"]);
    await until(() => uploaded().includes(kid), "Google has the cluster's key");
    await until(
      async () => JSON.stringify(await admin.read({ kind: "Secret", ...secret })).includes("documents.prod"),
      "the Secret remembers it",
    );
    const said = (): string => running.operator.status.keys?.join() ?? "";
    await until(() => /provider prod\/prod: has them/u.test(said()), "its status says so");
    assert.deepEqual(running.operator.status.degraded, []);
    const other = own.read({ kind: "Secret", namespace: "podtrust", name: "another" });
    await assert.rejects(other, { code: "cluster-forbidden" });
  });

  test("the operator's rights are enough for that, and none of these", async () => {
    const can = async (verb: string, resource: string, namespace: string): Promise<boolean> => {
      const args = [
        "auth",
        "can-i",
        verb,
        ...resource.split(" "),
        "-n",
        namespace,
        `--as=${user}`,
        "--as-group=system:serviceaccounts",
      ];
      return cluster.kubectl(args).then(
        () => true,
        () => false,
      );
    };
    const wrong: readonly (readonly [string, string, string])[] = [
      ["get", "secrets", "podtrust"],
      ["list", "secrets", "default"],
      ["create", "pods", "default"],
      ["delete", "pods", "default"],
      ["patch", "pods", "default"],
      ["create", "pods --subresource=exec", "podtrust"],
      ["create", "serviceaccounts --subresource=token", "podtrust"],
      ["create", "serviceaccounts", "podtrust"],
      ["update", "serviceaccounts", "default"],
      ["delete", "leases", "podtrust"],
      ["get", "leases", "default"],
      ["get", "leases/another", "podtrust"],
      ["update", "namespaces", "default"],
      ["create", "clusterrolebindings.rbac.authorization.k8s.io", "default"],
      ["list", "nodes", "default"],
      ["impersonate", "users", "default"],
      ["delete", "events.events.k8s.io", "default"],
    ];
    for (const [verb, resource, namespace] of wrong)
      assert.equal(await can(verb, resource, namespace), false, `${verb} ${resource} in ${namespace}`);
    assert.equal(await can("create", "pods --subresource=eviction", "default"), true);
    const trial = podOf("trial", "podtrust-canary") as Parameters<KubernetesApi["create"]>[0];
    const pod = { ...trial, metadata: { name: "trial", namespace: "podtrust" } };
    await assert.rejects(own.create(pod), { code: "cluster-refused", message: /pods for trial only/u });
    assert.equal((await own.create(pod, { dryRun: true })).metadata.name, "trial");
    assert.equal(await admin.read({ kind: "Pod", namespace: "podtrust", name: "trial" }), undefined);
  });
});
