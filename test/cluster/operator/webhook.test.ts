/** The list of test/injection/cases/ by the webhook: a real process, asked by a real API server of each version. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, mapLimit, recordOf, systemClock } from "../../../src/core/base/index.ts";
import { injectionFault } from "../../../src/rules/injection/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { expectedPod, type InjectionCase, injectionCases } from "../../support/injection-cases.ts";
import {
  type ApiAnswer,
  freePorts,
  type KubernetesVersion,
  leftOut,
  testedVersions,
} from "../harness/index.ts";
import { podEssence } from "../injection/pod-essence.ts";
import { until } from "./until.ts";
import { InjectionObjects } from "./injection-objects.ts";
import {
  type OperatorProcess,
  spawnOperator,
  startOperator,
  startWebhookWorld,
  webAround,
  webPod,
  type WebhookWorld,
} from "./webhook-world.ts";

const namespaceOf = ({ name }: InjectionCase): string => `case-${name}`;

function suite(version: KubernetesVersion): void {
  let world: WebhookWorld;
  let operator: OperatorProcess;
  let admin: string;

  before(async () => {
    world = await startWebhookWorld("Fail", version);
    const [port = 0] = await freePorts(1);
    admin = `127.0.0.1:${port}`;
    operator = spawnOperator(world, "--listen", admin);
    await world.untilInjecting();
  });
  after(async () => {
    await operator?.kill();
    await world?.plane.stop();
  });

  async function create(path: string, body: JsonRecord): Promise<void> {
    const { status, text } = await world.plane.ask(path, { method: "POST", body });
    assert.equal(status, 201, `${path}: ${text}`);
  }

  /** Makes the case's pod for show. A pod without a name gets one, as from a controller, and has none at admission. */
  async function make(one: InjectionCase): Promise<ApiAnswer> {
    const given = recordOf(one.pod["metadata"]);
    const metadata = "name" in given || "generateName" in given ? given : { ...given, generateName: "case-" };
    const pod = { apiVersion: "v1", kind: "Pod", ...one.pod, metadata };
    const answer = await world.makePod(namespaceOf(one), pod);
    assert.equal(answer.status, 201, `${one.name}: ${answer.text}`);
    assert.deepEqual(
      podEssence(JSON.parse(answer.text) as JsonRecord),
      podEssence(expectedPod(one)),
      one.name,
    );
    return answer;
  }

  test("every case's pod is made as it says, and its maker told what it says", async () => {
    await mapLimit(injectionCases, async (one) => {
      const metadata = { name: namespaceOf(one), annotations: one.namespace ?? {} };
      await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
      await create(`/api/v1/namespaces/${namespaceOf(one)}/serviceaccounts`, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: {
          name: String(recordOf(one.pod["spec"])["serviceAccountName"]),
          annotations: one.serviceAccount,
        },
        automountServiceAccountToken: false,
      });
      // At once: the webhook may not have heard of the ServiceAccount yet.
      const { warnings } = await make(one);
      const notes = warnings.flatMap((text) => /InjectionAnnotationInvalid: ([^]*)$/u.exec(text)?.[1] ?? []);
      const expected = one.notes ?? [];
      for (const note of notes) assert.ok(expected.includes(note), `${one.name}: ${note}`);
      // Beyond 4 KiB of warnings an API server drops what is left (k8s.io/apiserver, pkg/endpoints/filters/warning.go).
      const isCut = expected.join("").length > 3000;
      if (isCut) assert.ok(notes.length > 0, one.name);
      else assert.equal(notes.length, expected.length, one.name);
    });
  });

  test("every case's pod is the same where the policies inject beside the webhook", async () => {
    const labelled = ["label", "namespaces", "--all", "podtrust.dev/injection=serviceaccounts"];
    await world.plane.kubectl(labelled);
    const mode = ["--mode", "serviceaccounts"];
    const { out } = await podtrustHere(["manifests", "injection", ...mode, "--kubernetes", version]);
    await world.plane.kubectl(["apply", "--server-side", "-f", "-"], out);
    const labels = { "eks.amazonaws.com/skip-pod-identity-webhook": "" };
    const skipped = webPod({ name: "skipped", labels });
    await until(
      async () => (await world.makePod("default", skipped)).warnings.length > 0,
      "they are in force",
    );
    await mapLimit(injectionCases, make);
    await world.plane.kubectl(["delete", "-f", "-"], out);
  });

  test("the trials of the operator, which stand in its own namespace, are injected too", async () => {
    await until(async () => {
      const { out } = await podtrustHere(["operator", "status", "--address", admin], { clock: systemClock });
      return out.includes("injection: injecting");
    }, "injection is seen at work");
  });

  test("what it did is counted, and its status says until when its certificate is good", async () => {
    const { out } = await podtrustHere(["operator", "status", "--address", admin], { clock: systemClock });
    assert.match(out, /webhook: listens on 127\.53\.0\.10:\d+, its certificate is good for 8\d days/u);
    const metrics = await (await fetch(`http://${admin}/metrics`)).text();
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "mu").exec(metrics)?.[1]);
    const reviews = "podtrust_operator_webhook_reviews_total";
    assert.ok(value(`${reviews}\\{outcome="injected"\\}`) > 100);
    assert.equal(value(`${reviews}\\{outcome="failed"\\}`), 0);
    assert.ok(value("podtrust_operator_webhook_review_seconds_count") > injectionCases.length);
  });

  test("while its replicas are dead, with Ignore, pods are made all the same, and found once one is back", async () => {
    await new InjectionObjects(world.plane).ignoreFailures();
    await operator.kill("SIGKILL");
    await world.untilInjecting(false);
    const { text } = await world.makePod("default", webPod({ name: "missed" }), "");
    assert.equal(injectionFault(JSON.parse(text) as JsonRecord, webAround)?.reason, "PodNotInjected");
    await using back = await startOperator(world);
    await world.untilInjecting();
    await until(() => {
      const missed = back.operator.status.found.find(({ pod }) => pod === "default/missed");
      return missed?.reason === "PodNotInjected";
    }, "it is found");
  });
}

for (const version of testedVersions)
  describe(
    `injection by the webhook, asked by a real API server ${version}`,
    { skip: leftOut([version]) },
    () => suite(version),
  );
