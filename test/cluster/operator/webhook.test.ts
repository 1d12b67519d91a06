/** The list of test/injection/cases/ by the webhook: a real process, asked by a real API server. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, mapLimit, recordOf, systemClock } from "../../../src/base/index.ts";
import { injectionFault } from "../../../src/injection/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { expectedPod, type InjectionCase, injectionCases } from "../../support/injection-cases.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { podEssence } from "../injection/pod-essence.ts";
import { until } from "./patience.ts";
import {
  type OperatorProcess,
  spawnOperator,
  startWebhookWorld,
  webAround,
  webPod,
  type WebhookWorld,
} from "./webhook-world.ts";

const namespaceOf = ({ name }: InjectionCase): string => `case-${name}`;

describe("injection by the webhook", { skip: leftOut() }, () => {
  let world: WebhookWorld;
  let operator: OperatorProcess;
  let admin: string;

  before(async () => {
    world = await startWebhookWorld("Fail");
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
      const given = recordOf(one.pod["metadata"]);
      const named = "name" in given || "generateName" in given ? given : { ...given, generateName: "case-" };
      const answer = await world.makePod(namespaceOf(one), {
        apiVersion: "v1",
        kind: "Pod",
        ...one.pod,
        metadata: named,
      });
      assert.equal(answer.status, 201, `${one.name}: ${answer.text}`);
      assert.deepEqual(
        podEssence(JSON.parse(answer.text) as JsonRecord),
        podEssence(expectedPod(one)),
        one.name,
      );
      const notes = answer.warnings.flatMap(
        (text) => /InjectionAnnotationInvalid: ([^]*)$/u.exec(text)?.[1] ?? [],
      );
      assert.deepEqual(notes.toSorted(), (one.notes ?? []).toSorted(), one.name);
    });
  });

  test("while its replicas are dead, with Ignore, pods are made all the same, and found once one is back", async () => {
    const patch = JSON.stringify([{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }]);
    const configuration = ["mutatingwebhookconfiguration", "podtrust-webhook"];
    await world.plane.kubectl(["patch", ...configuration, "--type=json", "-p", patch]);
    await operator.kill("SIGKILL");
    await until(async () => (await world.makePod("default", webPod())).status === 201, "pods are made");
    const { text } = await world.makePod("default", webPod({ name: "missed" }), "");
    assert.equal(injectionFault(JSON.parse(text) as JsonRecord, webAround)?.reason, "PodNotInjected");
    operator = spawnOperator(world, "--no-canary", "--listen", admin);
    await world.untilInjecting();
    await until(async () => {
      const { out } = await podtrustHere(["operator", "status", "--address", admin], { clock: systemClock });
      return out.includes("default/missed: PodNotInjected");
    }, "it is found");
  });
});
