import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import type { TestCertificate } from "../../support/certificates.ts";
import type { ControlPlane } from "../harness/index.ts";

/** A mutating webhook on loopback. */
export interface MutatingWebhook {
  /** Its MutatingWebhookConfiguration, for pods when they are made. */
  readonly configuration: JsonRecord;
  /** How often it was asked. */
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

interface Review {
  readonly request: { readonly uid: string; readonly namespace: string; readonly object: JsonRecord };
}

/**
 * Serves a webhook that makes of a pod what `mutate` does, with a certificate of the cluster's own CA for 127.0.0.1, or the one
 * that is given.
 */
export async function startMutatingWebhook(
  plane: ControlPlane,
  name: string,
  mutate: (pod: JsonRecord, namespace: string) => Promise<JsonRecord>,
  given?: TestCertificate,
): Promise<MutatingWebhook> {
  const { certificate, key } = given ?? (await plane.issue({ commonName: name, names: ["127.0.0.1"] }));
  let asked = 0;
  // At its default level OpenSSL does not serve a certificate that is signed with SHA-1.
  const server = createServer(
    { cert: certificate, key, ciphers: "DEFAULT@SECLEVEL=0" },
    (request, answer) => {
      void (async () => {
        asked += 1;
        const { request: review } = JSON.parse((await buffer(request)).toString()) as Review;
        const pod = await mutate(review.object, review.namespace);
        const patch = JSON.stringify([{ op: "replace", path: "/spec", value: pod["spec"] }]);
        const response = {
          uid: review.uid,
          allowed: true,
          patchType: "JSONPatch",
          patch: Buffer.from(patch).toString("base64"),
        };
        answer.setHeader("content-type", "application/json");
        answer.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response }));
      })().catch(() => answer.writeHead(500).end());
    },
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    configuration: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.test`,
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy: "Fail",
          clientConfig: {
            url: `https://127.0.0.1:${port}/mutate`,
            caBundle: Buffer.from(plane.ca).toString("base64"),
          },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        },
      ],
    },
    asked: () => asked,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Serves a webhook that gives each pod one container more, `proxy`, unless it has it. */
export function startSidecarInjector(plane: ControlPlane, name: string): Promise<MutatingWebhook> {
  return startMutatingWebhook(plane, name, (pod) => {
    const spec = recordOf(pod["spec"]);
    const containers = recordsOf(spec["containers"]);
    const has = containers.some((one) => one["name"] === "proxy");
    const added = has ? [] : [{ name: "proxy", image: "example.test/proxy:1" }];
    return Promise.resolve({ ...pod, spec: { ...spec, containers: [...containers, ...added] } });
  });
}
