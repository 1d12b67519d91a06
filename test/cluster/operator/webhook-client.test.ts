/** A webhook that speaks with API servers alone, by the client certificate that a real one shows. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { testHierarchy } from "../../support/certificates.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { startOperator, startWebhookWorld, webPod, type WebhookWorld } from "./webhook-world.ts";

describe("a webhook that asks for a client certificate", { skip: leftOut() }, () => {
  let world: WebhookWorld;
  let folder: string;
  let clientCa: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-webhook-client-"));
    const [port = 0] = await freePorts(1);
    const hierarchy = await testHierarchy(Date.now());
    const { certificate, key } = await hierarchy.chain(["kube-apiserver"], { leaf: { usage: "client" } });
    clientCa = hierarchy.root;
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      users: [
        {
          name: `podtrust-webhook.podtrust.svc:${port}`,
          user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) },
        },
      ],
    };
    const version = "apiserver.config.k8s.io/v1";
    const configuration = {
      apiVersion: version,
      kind: "WebhookAdmissionConfiguration",
      kubeConfigFile: join(folder, "webhooks.kubeconfig"),
    };
    const plugins = [{ name: "MutatingAdmissionWebhook", configuration }];
    const admission = { apiVersion: version, kind: "AdmissionConfiguration", plugins };
    await writeFile(configuration.kubeConfigFile, JSON.stringify(kubeconfig), { mode: 0o600 });
    await writeFile(join(folder, "admission.json"), JSON.stringify(admission));
    const extraArgs = [`--admission-control-config-file=${join(folder, "admission.json")}`];
    world = await startWebhookWorld("Fail", "1.36", { port, extraArgs });
  });
  after(async () => {
    await world?.plane.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("answers an API server that shows it, and nobody who shows none", async () => {
    await using running = await startOperator(world, { webhook: { listen: world.listen, clientCa } });
    await world.untilInjecting();
    const stranger = connect({ ...world.listen, rejectUnauthorized: false });
    stranger.on("error", () => {});
    stranger.write(
      "POST /inject HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    );
    let said = "";
    stranger.setEncoding("utf8").on("data", (part: string) => (said += part));
    await new Promise((resolve) => stranger.once("close", resolve));
    assert.equal(said, "");
    assert.equal((await world.makePod("default", webPod())).status, 201);
    assert.deepEqual(running.operator.status.unready, []);
  });
});
