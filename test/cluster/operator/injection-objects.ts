import assert from "node:assert/strict";
import { type JsonRecord, recordOf, recordsOf, textOf } from "../../../src/core/base/index.ts";
import type { ControlPlane } from "../harness/index.ts";
import { roleMap } from "./webhook-world.ts";

const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/podtrust-webhook";

/** The objects by which people and the operator steer injection, as the API server has them. */
export class InjectionObjects {
  readonly #plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  /** The webhook's configuration. */
  async configuration(): Promise<JsonRecord> {
    return JSON.parse((await this.#plane.ask(path)).text) as JsonRecord;
  }

  /** The authorities by which API servers verify the webhook, in PEM. */
  async bundle(): Promise<string> {
    const bundles = recordsOf((await this.configuration())["webhooks"]).map(({ clientConfig }) =>
      Buffer.from(textOf(recordOf(clientConfig)["caBundle"]) ?? "", "base64").toString(),
    );
    assert.equal(new Set(bundles).size, 1);
    return bundles[0] ?? "";
  }

  /** How many authorities they are. */
  async authorities(): Promise<number> {
    return (await this.bundle()).split("BEGIN CERTIFICATE").length - 1;
  }

  /** Changes the configuration by a JSON Patch. */
  async patch(body: readonly object[]): Promise<void> {
    const object = ["mutatingwebhookconfiguration", "podtrust-webhook"];
    await this.#plane.kubectl(["patch", ...object, "--type=json", "-p", JSON.stringify(body)]);
  }

  /** Lets pods be made where no replica answers. */
  ignoreFailures(): Promise<void> {
    return this.patch([{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }]);
  }

  /** Writes the role map. */
  async mapRoles(config: unknown, identities: unknown = []): Promise<void> {
    const data = { config: JSON.stringify(config), "container-credentials": JSON.stringify({ identities }) };
    const metadata = { name: roleMap, namespace: "podtrust" };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    await this.#plane.kubectl(["apply", "-f", "-"], JSON.stringify(object));
  }

  /** A ConfigMap by which policies of the mode configmap inject in a namespace; undefined where there is none. */
  async policyConfigMap(namespace: string, name = "podtrust-injection"): Promise<JsonRecord | undefined> {
    const of = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
    const { status, text } = await this.#plane.ask(of);
    return status === 200 ? (JSON.parse(text) as JsonRecord) : undefined;
  }
}
