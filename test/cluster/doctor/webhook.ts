import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { awsWebhook } from "../../support/aws-webhook-model.ts";
import type { TestCertificate } from "../../support/certificates.ts";
import { startMutatingWebhook } from "../injection/mutating-webhook.ts";
import type { ClusterStack } from "./world.ts";
import { account } from "./pods.ts";

/** What is wrong with a webhook, or with its configuration. */
export interface WebhookFault {
  /** What it serves: by default a certificate of the cluster's own CA for 127.0.0.1. */
  readonly serving?: TestCertificate;
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
  const { serving, ca = plane.ca, hangs = false, webhook = {}, everywhere = false } = fault;
  const mutate = fault.mutate ?? ((pod) => awsWebhook(pod, account(namespace), { region: "eu-central-1" }));
  const answer = (pod: JsonRecord): Promise<JsonRecord> =>
    hangs ? new Promise(() => {}) : Promise.resolve(mutate(pod));
  const name = `pod-identity-webhook-${namespace}`;
  const { configuration, close } = await startMutatingWebhook(plane, name, answer, serving);
  const [served = {}] = recordsOf(configuration["webhooks"]);
  const clientConfig = { ...recordOf(served["clientConfig"]), caBundle: Buffer.from(ca).toString("base64") };
  const namespaceSelector = everywhere ? {} : { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const own = {
    name: "pod-identity-webhook.example.test",
    failurePolicy: "Ignore",
    timeoutSeconds: 5,
    clientConfig,
    namespaceSelector,
    ...webhook,
  };
  await stack.make("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {
    ...configuration,
    webhooks: [{ ...served, ...own }],
  });
  return {
    async [Symbol.asyncDispose]() {
      await plane.kubectl(["delete", "mutatingwebhookconfiguration", name]);
      await close();
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
