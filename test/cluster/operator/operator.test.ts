/** The operator on a real API server: one leads, what was missed is found, dead injection is seen, rights are the least. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/core/base/index.ts";
import { keysOfStore, type KubernetesApi, storeKeyName } from "../../../src/providers/kubernetes/index.ts";
import { keysSecret } from "../../../src/operator/index.ts";
import { KeyKeeper } from "../../../src/publisher/index.ts";
import { googleEnvironment, googleWorld, projectNumber } from "../../gcp/google-world.ts";
import { podtrustHere } from "../../support/cli.ts";
import { parse } from "../../support/config-text.ts";
import { keyFolderOf, storeKey } from "../../support/replicas.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { operatorUser, OperatorWorld } from "./operator-world.ts";
import { until } from "./until.ts";
import { podOf, roleVariables } from "./pods.ts";
import { injector } from "./policy-injector.ts";

const role = "arn:aws:iam::111122223333:role/web";

describe("the operator on a real API server", { skip: leftOut() }, () => {
  let world: OperatorWorld;

  before(async () => {
    world = await OperatorWorld.start();
  });
  after(() => world?.stop());

  test("a pod that was missed gets an Event on itself and its owner, once, and is counted until it is gone", async () => {
    await world.makeNamespace("missed");
    const owner = await world.replicaSet("missed");
    await world.apply("missed", podOf("one", "web", owner), podOf("bare", "web"));
    await using running = world.operator();
    const { operator } = running;
    await until(() => operator.status.ready && operator.status.leadership.leads, "it leads and has seen all");
    await until(() => operator.status.controllers[0]?.queue === 0, "it has looked at all");
    assert.deepEqual(operator.status.found, [], "without a role nothing is missed");
    await world.annotate("missed", role);
    await until(() => operator.status.found.length === 2, "both pods are found");
    assert.deepEqual(
      operator.status.found.map(({ reason }) => reason),
      ["PodNotInjected", "PodNotInjected"],
    );
    await until(async () => (await world.eventsOf("missed")).length === 3, "three Events");
    const events = (await world.eventsOf("missed")).map(
      ({ reason, regarding }) => `${reason} ${regarding.kind} ${regarding.name}`,
    );
    assert.deepEqual(events.toSorted(), [
      "PodNotInjected Pod bare",
      "PodNotInjected Pod one",
      "PodNotInjected ReplicaSet web",
    ]);
    await world.cluster.kubectl(["annotate", "pod", "one", "-n", "missed", "podtrust.dev/touch=1"]);
    await world.cluster.kubectl([
      "delete",
      "pod",
      "one",
      "bare",
      "-n",
      "missed",
      "--force",
      "--grace-period=0",
    ]);
    await until(() => operator.status.found.length === 0, "nothing is found any more");
    assert.equal((await world.eventsOf("missed")).length, 3, "nothing is said twice");
    assert.equal(operator.status.evicted, 0);
  });

  test("of three replicas one leads, another takes over from a leader that is killed in the middle, and no Event is doubled", async () => {
    await world.makeNamespace("leaders");
    await world.annotate("leaders", role);
    const pods = Array.from({ length: 60 }, (_, index) => podOf(`pod-${index}`, "web"));
    await world.apply("leaders", ...pods);
    const [port = 0] = await freePorts(1);
    const program = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
    const listen = ["--listen", `127.0.0.1:${port}`];
    const args = [program, "operator", "run", "--kubeconfig", world.ownKubeconfig, "--no-canary", ...listen];
    const first = spawn(process.execPath, args, { stdio: "ignore" });
    try {
      await until(async () => (await world.eventsOf("leaders")).length >= 5, "the first is at work");
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
    await using second = world.operator({ clock: skewed, identity: "second" });
    await using third = world.operator({ identity: "third" });
    const others = [second.operator, third.operator];
    await until(() => others.every(({ status }) => status.ready), "both read, whoever leads");
    await until(() => others.some(({ status }) => status.leadership.leads), "another leads");
    await until(async () => (await world.eventsOf("leaders")).length >= 60, "all pods are told of");
    await until(
      () => others.some(({ status }) => status.controllers[0]?.queue === 0 && status.found.length >= 60),
      "all is done",
    );
    assert.equal(others.filter(({ status }) => status.leadership.leads).length, 1);
    const names = (await world.eventsOf("leaders")).map(({ regarding }) => regarding.name);
    assert.deepEqual([names.length, new Set(names).size], [60, 60], "each pod has one Event");
    await world.cluster.kubectl(["delete", "pods", "--all", "-n", "leaders", "--force", "--grace-period=0"]);
  });

  test("a leader that ends gives its lease back, so that the next one has it at once", async () => {
    const first = world.operator({ leaseDurationMs: 60_000 });
    await until(() => first.operator.status.leadership.leads, "the first leads");
    await using second = world.operator();
    await until(() => second.operator.status.leadership.leader !== undefined, "the second has seen it");
    await first.stop();
    // It would take a minute otherwise, and more than `until` has.
    await until(() => second.operator.status.leadership.leads, "the second leads");
    assert.match(first.logger.lines.join("\n"), /leads no longer/u);
  });

  test("a pod whose owner makes a better one is evicted, a bare one and a Job's never, and a budget is kept to", async () => {
    await world.cluster.kubectl([
      "delete",
      "mutatingadmissionpolicy",
      "test-injection",
      "--ignore-not-found",
    ]);
    await world.makeNamespace("evicted");
    await world.annotate("evicted", role);
    const another = roleVariables("arn:aws:iam::111122223333:role/another");
    const owner = await world.replicaSet("evicted");
    const renamed = await world.replicaSet("evicted", "before");
    const stubborn = await world.replicaSet("evicted", "stubborn", another);
    await world.apply(
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
      const pod = JSON.parse((await world.cluster.ask(path)).text) as object;
      const answer = await world.cluster.ask(path, {
        method: "PUT",
        body: { ...pod, status: { phase: "Running", conditions } },
      });
      assert.equal(answer.status, 200, answer.text);
    }
    await world.apply("evicted", budget);
    const patient = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 20, signal),
      elapsed: () => systemClock.elapsed() * 20,
    };
    await using running = world.operator({
      evict: { perMinute: 60 },
      clock: patient,
      leaseDurationMs: 60_000,
    });
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
    await world.cluster.kubectl(["delete", "pdb", "web", "-n", "evicted"]);
    await until(() => operator.status.evicted === 2, "those that a new pod cures are evicted");
    await until(
      async () =>
        (await world.eventsOf("evicted")).filter(({ reason }) => reason === "PodEvicted").length === 2,
      "it is told",
    );
    const { text } = await world.cluster.ask("/api/v1/namespaces/evicted/pods");
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
    await using running = world.operator({ canary: "podtrust-canary", clock: quick });
    const { operator } = running;
    await until(() => operator.status.canary?.state === "dead", "nothing injects");
    assert.match(operator.status.degraded.join("\n"), /a pod made for trial has no/u);
    await until(
      async () => (await world.eventsOf("podtrust")).some(({ reason }) => reason === "InjectionDead"),
      "it is told",
    );
    await world.apply("podtrust", ...injector("AWS_ROLE_ARN"));
    await until(() => operator.status.canary?.state === "injecting", "injection works");
    assert.deepEqual(operator.status.degraded, []);
    await world.cluster.kubectl(["delete", "mutatingadmissionpolicybinding", "test-injection"]);
    await until(() => operator.status.canary?.state === "dead", "injection is dead again");
    await world.cluster.kubectl(["delete", "mutatingadmissionpolicy", "test-injection"]);
    assert.equal(await world.cluster.kubectl(["get", "pods", "-n", "podtrust", "-o", "name"]), "");
    const dead = (await world.eventsOf("podtrust")).filter(({ reason }) => reason === "InjectionDead");
    assert.equal(dead.length, 1, "the same thing is one Event");
  });

  test("dead injection is seen as well where pods without their role are refused", async () => {
    const quick = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 500), signal),
    };
    await world.cluster.kubectl(["label", "namespace", "podtrust", "podtrust.dev/injection=serviceaccounts"]);
    const { out } = await podtrustHere(["manifests", "injection", "--mode", "serviceaccounts", "--deny"]);
    await world.cluster.kubectl(["apply", "--server-side", "-f", "-"], out);
    await using running = world.operator({ canary: "podtrust-canary", clock: quick });
    const { operator } = running;
    await until(() => operator.status.canary?.state === "injecting", "injection works");
    await world.cluster.kubectl(["delete", "mutatingadmissionpolicybinding", "podtrust-injection"]);
    await until(() => operator.status.canary?.state !== "injecting", "injection is dead");
    const { state, text = "" } = operator.status.canary ?? {};
    assert.equal(state, "dead", text);
    assert.match(
      text,
      /^a pod made for trial was refused: the pod has no AWS_ROLE_ARN in the container canary/u,
    );
    await world.cluster.kubectl(["delete", "--ignore-not-found", "-f", "-"], out);
  });

  test("an API server that is frozen and killed is outlived: leader and reader go on, and say so meanwhile", async () => {
    await world.makeNamespace("outage");
    await world.annotate("outage", role);
    await using running = world.operator({ silenceMs: 2000 });
    const { operator } = running;
    await until(() => operator.status.ready && operator.status.leadership.leads, "it leads");
    const server = world.cluster.servers[0];
    assert.ok(server !== undefined);
    process.kill(server.pid(), "SIGSTOP");
    await until(() => !operator.status.leadership.leads, "the lead is lost");
    await until(() => operator.status.degraded.length > 0, "it says so");
    process.kill(server.pid(), "SIGKILL");
    await server.restart(world.cluster.keys());
    await world.apply("outage", podOf("late", "web"));
    await until(
      () => operator.status.found.some(({ pod }) => pod === "outage/late"),
      "what came after it is found",
    );
    assert.ok(operator.status.leadership.leads);
  });

  test("the leader uploads the cluster's keys where nobody publishes them, and remembers them in its Secret", async (t) => {
    const printed = (await podtrustHere(["manifests", "operator-rbac", "--evict", "--keys"])).out;
    const apply = () => world.cluster.kubectl(["apply", "-f", "-"], printed);
    await apply();
    const clouds = await googleWorld(t);
    const { google } = clouds;
    await clouds.up();
    const env = await googleEnvironment(t, google);
    const text = `stack: prod\nidentity: 3f2a91bc\nissuer: https://oidc.example.com\ngcp: [{project: shop-project, projectNumber: "${projectNumber}"}]\n`;
    const config = await parse(text);
    const secret = { namespace: "podtrust", name: keysSecret };
    const logger = rememberingLogger();
    const deps = { env, clock: systemClock, logger };
    const { jwks } = await world.admin.oidcDocuments();
    const [{ kid = "" } = {}] = (JSON.parse(Buffer.from(jwks).toString()) as { keys: { kid?: string }[] })
      .keys;
    const uploaded = (): string => JSON.stringify(google.iam.provider("prod", "prod")?.fields["oidc"]);

    // What is printed holds no key: it uploads all the same, and says what it lacks.
    const early = new KeyKeeper({ config, cluster: world.own, secret, keyFolder: "/nonexistent", ...deps });
    const ending = new AbortController();
    const uploading = early.run(ending.signal);
    await until(() => uploaded().includes(kid), "Google has the cluster's key");
    await until(() => /no key of at least 43 characters/u.test(early.degraded.join()), "it says so");
    ending.abort();
    await uploading;
    const proof = { ...secret, name: storeKeyName(keysSecret) };
    const filled = JSON.stringify({ stringData: { key: storeKey } });
    const patch = ["patch", "secret", proof.name, "-n", proof.namespace, "--type", "merge", "-p", filled];
    await world.cluster.kubectl(patch);
    await apply();
    assert.deepEqual(await keysOfStore(secret, world.admin), [storeKey]);

    const keys = new KeyKeeper({ config, cluster: world.own, secret, keyFolder: keyFolderOf(t), ...deps });
    await using running = world.operator({ keys });
    await until(
      async () =>
        JSON.stringify(await world.admin.read({ kind: "Secret", ...secret })).includes("documents.prod"),
      "the Secret remembers it",
    );
    const said = (): string => running.operator.status.keys?.join() ?? "";
    await until(() => /provider prod\/prod: has them/u.test(said()), "its status says so");
    // What it kept before it had a key is proven by none, and is replaced.
    for (const why of running.operator.status.degraded) assert.match(why, /before its replicas had a key/u);
    await until(
      async () =>
        JSON.stringify(await world.admin.read({ kind: "Secret", ...secret })).includes(
          "proof.documents.prod",
        ),
      "what it remembers is proven",
    );
    const folder = mkdtempSync(join(tmpdir(), "podtrust-operator-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "podtrust.yaml");
    writeFileSync(file, `${text}cluster: {kubeconfig: ${world.cluster.adminKubeconfig}}\n`);
    const rotate = (...words: readonly string[]) =>
      podtrustHere(["rotate", ...words, "--file", file], { env, clock: systemClock });
    const { code, out, err } = await rotate("status");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /an operator keeps the keys in Secret podtrust\/podtrust-keys: confirmed /u);
    // The key that `up` has uploaded stays there for as long as tokens of it may live; they stand in the order of their names.
    assert.ok(out.includes(`provider prod/prod has ${["first", kid].sort().join(", ")}\n`), out);
    assert.ok(out.includes(`${kid}  RS256  current`), out);
    assert.match((await rotate("distrust", kid)).err, /code: {2}publisher-last-key/u);
    assert.match((await rotate("restore", kid)).out, /is trusted in Secret podtrust\/podtrust-keys/u);
    const other = world.own.read({ kind: "Secret", namespace: "podtrust", name: "another" });
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
        `--as=${operatorUser}`,
        "--as-group=system:serviceaccounts",
      ];
      return world.cluster.kubectl(args).then(
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
    await assert.rejects(world.own.create(pod), { code: "cluster-refused", message: /pods for trial only/u });
    assert.equal((await world.own.create(pod, { dryRun: true })).metadata.name, "trial");
    assert.equal(await world.admin.read({ kind: "Pod", namespace: "podtrust", name: "trial" }), undefined);
  });
});
