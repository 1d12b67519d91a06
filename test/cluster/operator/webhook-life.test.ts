/** The webhook's life on a real API server: certificates that change, replicas that die, what people take away, others beside. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { injectionFault } from "../../../src/rules/injection/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { awsWebhook } from "../../support/aws-webhook-model.ts";
import { podtrustHere } from "../../support/cli.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { startMutatingWebhook, startSidecarInjector } from "../injection/mutating-webhook.ts";
import { podEssence } from "../injection/pod-essence.ts";
import { until } from "./until.ts";
import { InjectionObjects } from "./injection-objects.ts";
import {
  besideWebhook,
  roleMap,
  spawnOperator,
  type Started,
  startOperator,
  startWebhookWorld,
  webAround,
  webPod,
  webRole,
  type WebhookWorld,
} from "./webhook-world.ts";

const hour = 3_600_000;

describe("the webhook's life", { skip: leftOut() }, () => {
  let world: WebhookWorld;
  let injection: InjectionObjects;

  before(async () => {
    world = await startWebhookWorld("Fail");
    injection = new InjectionObjects(world.plane);
  });
  after(() => world?.plane.stop());

  const start = (started: Started = {}, ahead: () => number = () => 0) =>
    startOperator(world, started, ahead);

  async function events(): Promise<string> {
    return (await world.plane.ask("/apis/events.k8s.io/v1/namespaces/default/events")).text;
  }

  test("every pod is injected while certificate and authority change, at any moment of it", async (t) => {
    // Behind, so that what is made at any time of it is good by the API server's own clock.
    let ahead = -70 * hour;
    await using running = await start(
      { webhook: { listen: world.listen, lives: { authority: 100 * hour, serving: 100 * hour } } },
      () => ahead,
    );
    const { logger } = running;
    await world.untilInjecting();
    const first = await injection.bundle();
    let made = 0;
    const stop = new AbortController();
    t.after(() => stop.abort());
    const admitting = (async () => {
      while (!stop.signal.aborted) {
        const { status, text } = await world.makePod("default", webPod());
        assert.equal(status, 201, text);
        assert.ok(text.includes("AWS_WEB_IDENTITY_TOKEN_FILE"), text);
        made += 1;
      }
    })();
    const shown = (): number => logger.lines.filter((line) => line.includes("shows a certificate")).length;
    assert.equal(shown(), 1);
    ahead += 68 * hour;
    await until(
      async () => (await injection.authorities()) === 2,
      "the new authority stands beside the old one",
    );
    assert.ok((await injection.bundle()).startsWith(first));
    await until(() => shown() === 2, "the certificate that was due is signed by the old one");
    const earlier = made;
    await until(() => made > earlier + 20, "pods are made meanwhile");
    ahead += 11 * 60_000;
    await until(() => shown() === 3, "the new authority has signed");
    assert.equal(await injection.authorities(), 2);
    ahead += hour;
    await until(async () => (await injection.authorities()) === 1, "the old authority is trusted no longer");
    assert.notEqual(await injection.bundle(), first);
    const later = made;
    await until(() => made > later + 20, "pods are made afterwards");
    stop.abort();
    await admitting;
  });

  test("a caBundle that was changed, and a configuration that was deleted, are put back and told of", async () => {
    await using running = await start();
    const { operator, logger } = running;
    await world.untilInjecting();
    const right = await injection.bundle();
    await injection.patch([{ op: "remove", path: "/webhooks/0/clientConfig/caBundle" }]);
    await until(
      async () =>
        (await injection
          .configuration()
          .then(() => injection.bundle())
          .catch(() => "")) === right,
      "it is put back",
    );
    await world.untilInjecting();
    await injection.patch([{ op: "replace", path: "/webhooks/0/timeoutSeconds", value: 3 }]);
    await until(() => logger.lines.some((line) => line.includes("another caBundle")), "it is said");
    // The settings of people, and what they are when it is put back.
    await until(
      async () => JSON.stringify(await injection.configuration()).includes('"timeoutSeconds":3'),
      "it has theirs",
    );
    // It hears of changes in their order: once this one is put back, it knows of the other.
    await injection.patch([{ op: "remove", path: "/webhooks/0/clientConfig/caBundle" }]);
    await until(
      async () => (await injection.bundle().catch(() => "")) === right,
      "it is put back again, and people's setting was seen",
    );
    await world.untilInjecting();
    await world.plane.kubectl(["delete", "mutatingwebhookconfiguration", "podtrust-webhook"]);
    await until(
      () => operator.status.degraded.some((text) => text.includes("there is no Mutating")),
      "it is seen",
    );
    await world.untilInjecting();
    assert.equal(await injection.bundle(), right);
    const [first] = recordsOf((await injection.configuration())["webhooks"]);
    assert.deepEqual([first?.["failurePolicy"], first?.["timeoutSeconds"]], ["Fail", 3]);
    await until(async () => {
      const recorded = await events();
      return recorded.includes("had another caBundle") && recorded.includes("was gone");
    }, "both are Events");
    assert.deepEqual(operator.status.degraded, []);
    // What installed it, applied anew, leaves the operator's part alone.
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: world.objects });
    for (const how of [["--server-side", "--force-conflicts"], []]) {
      await world.plane.kubectl(["apply", ...how, "-f", "-"], list);
      assert.equal(await injection.bundle(), right);
    }
    assert.ok((await world.makePod("default", webPod())).text.includes("AWS_WEB_IDENTITY_TOKEN_FILE"));
  });

  test("the namespace of the operator and kube-system wait for no replica, and with Fail other pods do", async () => {
    await world.plane.kubectl(["create", "serviceaccount", "web", "-n", "kube-system"]);
    const own = async (namespace: string, account: string): Promise<number> =>
      (await world.makePod(namespace, webPod(undefined, account))).status;
    await until(async () => (await world.makePod("default", webPod())).status === 500, "nobody answers");
    assert.match(
      (await world.makePod("default", webPod())).text,
      /failed calling webhook.*injection\.podtrust\.dev/u,
    );
    assert.equal(await own("podtrust", "podtrust-operator"), 201);
    assert.equal(await own("kube-system", "web"), 201);
    const trial = webPod(
      { name: "podtrust-canary", labels: { "app.kubernetes.io/name": "podtrust-canary" } },
      "podtrust-canary",
    );
    assert.equal((await world.makePod("podtrust", trial)).status, 201);
    const skipped = webPod({
      name: "skipped",
      labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" },
    });
    assert.equal((await world.makePod("default", skipped)).status, 201);
  });

  test("a replica that does not lead shows the certificate that the leader made, and answers too", async () => {
    await using first = await start();
    await until(
      () => first.operator.status.leadership.leads && first.operator.status.ready,
      "the first leads",
    );
    const [port = 0] = await freePorts(1);
    await using second = await start({ webhook: { listen: { ...world.listen, port } } });
    await until(() => second.operator.status.ready, "the second is ready");
    assert.equal(second.operator.status.leadership.leads, false);
    const asked = request({
      host: world.listen.host,
      port,
      servername: "podtrust-webhook.podtrust.svc",
      ca: await injection.bundle(),
      path: "/inject",
      method: "POST",
      headers: { "content-type": "application/json" },
    }).end("{}");
    const [{ statusCode }] = (await once(asked, "response")) as [{ statusCode: number }];
    asked.destroy();
    // It was verified, and had something to say.
    assert.equal(statusCode, 400);
  });

  test("a replica that is told to end answers until its Service leaves it out, and drops no pod", async () => {
    const process = spawnOperator(world, "--no-canary", "--listen", "127.0.0.1:0");
    await world.untilInjecting();
    const ending = process.kill("SIGTERM");
    const told = performance.now();
    let admitted = 0;
    await until(async () => {
      const { status, text } = await world.makePod("default", webPod());
      if (status !== 201) assert.match(text, /failed calling webhook.*injection\.podtrust\.dev/u);
      else admitted += 1;
      return status !== 201;
    }, "it is gone");
    const answered = performance.now() - told;
    assert.ok(admitted > 0);
    assert.ok(answered > 4000, `it was gone after ${answered} ms, before a Service has left it out`);
    await ending;
    assert.equal(process.child.exitCode, 0);
  });

  test("pods are the same from the webhook, beside the policies or AWS's webhook, and a sidecar that another adds has the role, whoever was first", async () => {
    await using _running = await start();
    await world.untilInjecting();
    const alone = await world.makePod("default", webPod());
    await world.plane.kubectl(["label", "namespace", "default", "podtrust.dev/injection=serviceaccounts"]);
    const { out } = await podtrustHere(["manifests", "injection", "--mode", "serviceaccounts"]);
    await world.plane.kubectl(["apply", "--server-side", "-f", "-"], out);
    const labelled = webPod({
      name: "skipped",
      labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" },
    });
    await until(
      async () => (await world.makePod("default", labelled)).warnings.length > 0,
      "the policies are in force",
    );
    const both = await world.makePod("default", webPod());
    assert.deepEqual(
      podEssence(JSON.parse(both.text) as JsonRecord),
      podEssence(JSON.parse(alone.text) as JsonRecord),
    );
    await world.plane.kubectl(["delete", "-f", "-"], out);
    await until(
      async () => (await world.makePod("default", labelled)).warnings.length === 0,
      "the policies are gone",
    );

    const theirs = await startMutatingWebhook(world.plane, "pod-identity-webhook", (one) =>
      Promise.resolve(awsWebhook(one, webAround.serviceAccount)),
    );
    await besideWebhook(world, theirs, async () => {
      const made = await world.makePod("default", webPod());
      assert.deepEqual(
        podEssence(JSON.parse(made.text) as JsonRecord),
        podEssence(JSON.parse(alone.text) as JsonRecord),
      );
    });
    // Webhooks are asked in the order of their configurations' names.
    for (const name of ["a-sidecar", "z-sidecar"]) {
      await besideWebhook(world, await startSidecarInjector(world.plane, name), async () => {
        const { text } = await world.makePod("default", webPod());
        const made = JSON.parse(text) as JsonRecord;
        assert.equal(recordsOf(recordOf(made["spec"])["containers"]).length, 2, text);
        assert.equal(injectionFault(made, webAround), undefined, `${name}: ${text}`);
      });
    }
  });

  test("ServiceAccounts that nobody annotates have their roles by the role map, as it changes, and agents' credentials too", async () => {
    await world.plane.kubectl(["create", "serviceaccount", "mapped"]);
    await world.plane.kubectl(["create", "serviceaccount", "agent"]);
    await using running = await start({ roleMap });
    const { operator } = running;
    await world.untilInjecting();
    const made = async (account: string): Promise<string> =>
      (await world.makePod("default", webPod(undefined, account))).text;
    const early = webPod({ name: "early" }, "mapped");
    assert.ok(!(await world.makePod("default", early, "")).text.includes("AWS_"));
    await injection.mapRoles(
      { "default/mapped": { RoleARN: `${webRole}-1` }, "default/web": `${webRole}-2` },
      [{ namespace: "default", serviceAccount: "agent" }],
    );
    await until(async () => (await made("mapped")).includes(`${webRole}-1`), "the map is known");
    assert.ok(!(await made("web")).includes(`${webRole}-2`), "an annotation comes first");
    const agent = await made("agent");
    assert.match(agent, /"value":"http:\/\/169\.254\.170\.23\/v1\/credentials"/u);
    assert.match(agent, /"audience":"pods\.eks\.amazonaws\.com"/u);
    await until(
      () => operator.status.found.some(({ pod }) => pod === "default/early"),
      "the finder knows it too",
    );
    await injection.mapRoles({ "*/mapped": `${webRole}-3`, wrong: 1 });
    await until(async () => (await made("mapped")).includes(`${webRole}-3`), "it has changed");
    assert.match(operator.status.degraded.join("\n"), /the role map's entry "wrong" is left out/u);
    await world.plane.kubectl(["delete", "configmap", roleMap, "-n", "podtrust"]);
    await until(async () => !(await made("mapped")).includes("AWS_"), "it is gone");
    await until(() => operator.status.found.length === 0, "nothing is missed any more");
    await world.plane.kubectl(["delete", "pod", "early", "--force", "--grace-period=0"]);
  });

  test("policies of the mode configmap inject by the ConfigMaps that the operator keeps, also by the role map", async () => {
    await injection.ignoreFailures();
    for (const namespace of ["kept", "foreign"]) {
      await world.plane.kubectl(["create", "namespace", namespace]);
      await world.plane.kubectl(["create", "serviceaccount", "web", "-n", namespace]);
    }
    await world.plane.kubectl([
      "create",
      "configmap",
      "podtrust-injection",
      "-n",
      "foreign",
      "--from-literal=role-arn=web=theirs",
    ]);
    const annotate = (namespace: string, value: string): Promise<string> =>
      world.plane.kubectl(["annotate", "serviceaccount", "web", "-n", namespace, "--overwrite", value]);
    await annotate("foreign", `eks.amazonaws.com/role-arn=${webRole}`);
    await injection.mapRoles({ "kept/web": `${webRole}-mapped` });
    await using running = await start({ webhook: false, roleMap, configMaps: true });
    const { out } = await podtrustHere(["manifests", "injection", "--mode", "configmap"]);
    await world.plane.kubectl(["apply", "--server-side", "-f", "-"], out);
    const made = async (): Promise<string> => (await world.makePod("kept", webPod())).text;
    await until(async () => (await made()).includes(`${webRole}-mapped`), "the policy injects by the map");
    const version = recordOf((await injection.policyConfigMap("kept"))?.["metadata"])["resourceVersion"];
    await annotate("kept", "team=shop");
    await annotate("kept", `eks.amazonaws.com/role-arn=${webRole}`);
    await until(async () => (await made()).includes(`"value":"${webRole}"`), "an annotation comes first");
    const now = await injection.policyConfigMap("kept");
    assert.deepEqual(now?.["data"], { "role-arn": `web=${webRole}\n` });
    assert.notEqual(recordOf(now["metadata"])["resourceVersion"], version);
    const client = "azure.workload.identity/client-id=22222222-3333-4444-5555-666666666666";
    await annotate("kept", client);
    const ofAzure = (): Promise<JsonRecord | undefined> =>
      injection.policyConfigMap("kept", "podtrust-injection-azure");
    await until(async () => (await ofAzure()) !== undefined, "Azure has a ConfigMap of its own");
    assert.deepEqual((await ofAzure())?.["data"], { "client-id": client.replace(/^.*=/u, "web=") + "\n" });
    await annotate("kept", "azure.workload.identity/client-id-");
    await until(async () => (await ofAzure()) === undefined, "and it goes with the annotation");
    const ofKept = ["annotate", "namespace", "kept"];
    await world.plane.kubectl([...ofKept, "azure.workload.identity/tenant-id=contoso.example"]);
    await until(async () => (await ofAzure()) !== undefined, "labelled pods of the namespace ask");
    assert.deepEqual((await ofAzure())?.["data"], { use: "true\n" });
    await world.plane.kubectl([...ofKept, "azure.workload.identity/tenant-id-"]);
    await until(async () => (await ofAzure()) === undefined, "and they do not any more");
    await until(
      () =>
        running.operator.status.controllers.some(
          ({ name, failing }) => name === "config-maps" && failing === 1,
        ),
      "the foreign one is told of",
    );
    assert.deepEqual((await injection.policyConfigMap("foreign"))?.["data"], { "role-arn": "web=theirs" });
    await world.plane.kubectl(["delete", "configmap", "podtrust-injection", "-n", "kept"]);
    await until(async () => (await injection.policyConfigMap("kept")) !== undefined, "it is put back");
    await world.plane.kubectl(["delete", "configmap", roleMap, "-n", "podtrust"]);
    await annotate("kept", "eks.amazonaws.com/role-arn-");
    await until(
      async () => (await injection.policyConfigMap("kept")) === undefined,
      "it is not needed any more",
    );
    await world.plane.kubectl(["delete", "-f", "-"], out);
  });

  test("the operator may make and change its own configuration and Secret, and no other", async () => {
    const api = await openKubernetes({ kubeconfig: world.operatorKubeconfig });
    const named = { ...(await injection.configuration()), metadata: { name: "another" } } as never;
    const forbidden = { code: "cluster-forbidden" };
    const configMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "other", namespace: "default" },
    };
    await assert.rejects(api.apply(configMap, { fieldManager: "test", dryRun: true }), forbidden);
    await assert.rejects(api.read({ kind: "ConfigMap", namespace: "default", name: roleMap }), forbidden);
    await assert.rejects(api.apply(named, { fieldManager: "test", dryRun: true }), forbidden);
    await assert.rejects(api.create(named, { dryRun: true }), forbidden);
    const own = { ...(await injection.configuration()), metadata: { name: "podtrust-webhook" } } as never;
    await assert.rejects(
      api.create(own, { dryRun: true }),
      forbidden,
      "a name is known of what is applied alone",
    );
    await assert.rejects(
      api.remove({ kind: "MutatingWebhookConfiguration", name: "podtrust-webhook" }),
      forbidden,
    );
    await world.plane.kubectl(["create", "secret", "generic", "other", "-n", "podtrust"]);
    await assert.rejects(api.read({ kind: "Secret", namespace: "podtrust", name: "other" }), forbidden);
    await assert.rejects(
      api.read({ kind: "Secret", namespace: "default", name: "podtrust-webhook" }),
      forbidden,
    );
    assert.notEqual(
      await api.read({ kind: "Secret", namespace: "podtrust", name: "podtrust-webhook" }),
      undefined,
    );
  });
});
