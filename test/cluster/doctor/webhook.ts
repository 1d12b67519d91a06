import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import { awsWebhook } from "../../support/aws-webhook-model.ts";
import type { ClusterStack } from "./world.ts";
import { account } from "./pods.ts";

/** What is wrong with a webhook, or with its configuration. */
export interface WebhookFault {
  /** Of its certificate; 127.0.0.1 by default. */
  readonly names?: readonly string[];
  /** PEM in caBundle in place of the CA that signed its certificate. */
  readonly ca?: string;
  /** It never answers. */
  readonly hangs?: boolean;
  /** What it makes of a pod, in place of what AWS's webhook does. */
  readonly mutate?: (pod: JsonRecord) => JsonRecord;
  /** Of its configuration. */
  readonly webhook?: JsonRecord;
  /** Of the namespaces that it is asked about: only its own by default. */
  readonly everywhere?: boolean;
}

/** Serves AWS's webhook for pods of a namespace, with a fault, until it is disposed of. */
export async function startWebhook(
  stack: ClusterStack,
  namespace: string,
  fault: WebhookFault = {},
): Promise<AsyncDisposable> {
  const { plane } = stack;
  const { names = ["127.0.0.1"], ca = plane.ca, hangs = false, webhook = {}, everywhere = false } = fault;
  const mutate = fault.mutate ?? ((pod) => awsWebhook(pod, account(namespace), { region: "eu-central-1" }));
  const { certificate, key } = await plane.issue({ commonName: "webhook", names });
  const server = createServer({ cert: certificate, key }, (request, answer) => {
    void (async () => {
      const text = (await buffer(request)).toString();
      if (hangs) return;
      const review = JSON.parse(text === "" ? "{}" : text) as JsonRecord;
      const asked = recordOf(review["request"]);
      const value = mutate(recordOf(asked["object"]))["spec"];
      const patch = JSON.stringify([{ op: "replace", path: "/spec", value }]);
      const response = {
        uid: asked["uid"],
        allowed: true,
        patchType: "JSONPatch",
        patch: Buffer.from(patch).toString("base64"),
      };
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response }));
    })().catch(() => answer.writeHead(500).end());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const name = `pod-identity-webhook-${namespace}`;
  const namespaceSelector = everywhere ? {} : { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  await stack.make("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: "pod-identity-webhook.example.test",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Ignore",
        timeoutSeconds: 5,
        clientConfig: {
          url: `https://127.0.0.1:${port}/mutate`,
          caBundle: Buffer.from(ca).toString("base64"),
        },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        namespaceSelector,
        ...webhook,
      },
    ],
  });
  return {
    async [Symbol.asyncDispose]() {
      await plane.kubectl(["delete", "mutatingwebhookconfiguration", name]);
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether a pod that is tried gets its role, or does not: the API server hears of a configuration a moment later. */
export async function isInjecting(stack: ClusterStack, namespace: string): Promise<boolean> {
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "probe" },
    spec: {
      serviceAccountName: "web",
      automountServiceAccountToken: false,
      containers: [{ name: "app", image: "example.test/app:1" }],
    },
  };
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const { text } = await stack.plane.ask(path, { method: "POST", body });
  return text.includes("AWS_WEB_IDENTITY_TOKEN_FILE");
}
