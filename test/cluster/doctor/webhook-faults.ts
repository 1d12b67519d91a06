import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonRecord, pemOf, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import type { ChainCause } from "../../../src/core/reasons/index.ts";
import { newSigningRequest } from "../../../src/core/x509/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { openssl } from "../../support/openssl.ts";
import { until } from "../../support/until.ts";
import { freePorts } from "../harness/index.ts";
import { type ClusterFault, lateFaults } from "./pod-faults.ts";
import { place, pod } from "./pods.ts";
import { isInjecting, startWebhook, type WebhookFault } from "./webhook.ts";
import type { ClusterStack } from "./world.ts";

const serviceAddress = "127.54.0.20";

/** A pod that got nothing, behind a webhook with a fault. */
const behind =
  (fault: WebhookFault): ClusterFault =>
  async (stack, namespace) => {
    await lateFaults.podLater(stack, namespace);
    return { mend: await startWebhook(stack, namespace, fault) };
  };

/** A pod that got nothing, and a webhook that works since. */
const before =
  (prepare: (stack: ClusterStack, namespace: string) => Promise<void>): ClusterFault =>
  async (stack, namespace) => {
    await prepare(stack, namespace);
    const mend = await startWebhook(stack, namespace);
    await until("pods get their role", () => isInjecting(stack, namespace));
    return { mend };
  };

/** A Service of loopback in front of nothing, with endpoints as they are given. */
async function service(stack: ClusterStack, namespace: string, isReady: boolean): Promise<JsonRecord> {
  const [port = 0] = await freePorts(1);
  await stack.make(`/api/v1/namespaces/${namespace}/services`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "hook" },
    spec: { clusterIP: isReady ? undefined : serviceAddress, ports: [{ port }] },
  });
  await stack.make(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "hook-1", labels: { "kubernetes.io/service-name": "hook" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.9.8.7"], conditions: { ready: isReady } }],
    ports: [{ port }],
  });
  const caBundle = Buffer.from(stack.plane.ca).toString("base64");
  return { clientConfig: { service: { namespace, name: "hook", port }, caBundle } };
}

function withoutRestartPolicy(made: JsonRecord): JsonRecord {
  const spec = recordOf(made["spec"]);
  const initContainers = recordsOf(spec["initContainers"]).map(({ restartPolicy: _gone, ...rest }) => rest);
  return { ...made, spec: { ...spec, initContainers } };
}

/** A webhook whose certificate was signed with SHA-1, by the CA of its caBundle. Made by OpenSSL: our writer has no SHA-1. */
export const signedWithSha1: ClusterFault = async (stack, namespace) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "podtrust-sha1-"));
  const at = (name: string): string => join(folder.path, name);
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  await openssl(...request, "-keyout", at("ca.key"), "-out", at("ca.crt"), "-subj", "/CN=hooks");
  const leaf = ["-subj", "/CN=hook", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", at("hook.key")];
  const byCa = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-sha1"];
  const certificate = await openssl(...request, ...leaf, ...byCa);
  const serving = { certificate, key: await readFile(at("hook.key"), "utf8") };
  const ca = await readFile(at("ca.crt"), "utf8");
  return behind({ serving, ca, webhook: { failurePolicy: "Fail" } })(stack, namespace);
};

/** Faults of webhooks, each asked by the API server about a real pod. */
export const webhookFaults = {
  AnnotationAfterPod: before(lateFaults.annotateLater),
  PodBeforeCache: before(lateFaults.podAtOnce),
  PodPassedOver: before(lateFaults.podLater),
  WebhookUntrusted: async (stack, namespace) =>
    behind({ ca: (await testAuthority()).root })(stack, namespace),
  WebhookCertificateRejected: async (stack, namespace) => {
    const serving = await stack.plane.issue({ commonName: "webhook", names: ["other.example.test"] });
    return behind({ serving })(stack, namespace);
  },
  WebhookUnreachable: behind({ hangs: true, webhook: { timeoutSeconds: 1 } }),
  WebhookVersionDiffers: behind({ webhook: { admissionReviewVersions: ["v1beta1"] } }),
  WebhookDropsFields: behind({ mutate: withoutRestartPolicy }),
  PodOutsideSelector: behind({ webhook: { objectSelector: { matchLabels: { "identity/use": "true" } } } }),
  WebhookNoEndpoint: async (stack, namespace) => {
    await lateFaults.podLater(stack, namespace);
    const webhook = await service(stack, namespace, false);
    return { mend: await startWebhook(stack, namespace, { webhook }) };
  },
  WebhookCertificatePending: async (stack, namespace) => {
    await lateFaults.podLater(stack, namespace);
    const webhook = await service(stack, namespace, true);
    await stack.plane.kubectl([
      "create",
      "clusterrolebinding",
      `${namespace}-csr`,
      "--clusterrole=cluster-admin",
      `--serviceaccount=${namespace}:web`,
    ]);
    const token = await stack.plane.requestToken(namespace, "web", "https://oidc.example.com");
    const { csr } = await newSigningRequest(["hook.example.test"]);
    const answer = await stack.plane.ask("/apis/certificates.k8s.io/v1/certificatesigningrequests", {
      method: "POST",
      token,
      body: {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: `${namespace}-hook` },
        spec: {
          request: Buffer.from(pemOf("CERTIFICATE REQUEST", Buffer.from(csr))).toString("base64"),
          signerName: "kubernetes.io/kubelet-serving",
          usages: ["digital signature", "key encipherment", "server auth"],
        },
      },
    });
    if (answer.status >= 300) throw new Error(answer.text);
    return { mend: await startWebhook(stack, namespace, { webhook }) };
  },
  WebhookBlocksCluster: async (stack, namespace) => {
    await place(stack, namespace);
    await pod(stack, namespace);
    const mend = await startWebhook(stack, namespace, {
      everywhere: true,
      webhook: { failurePolicy: "Fail" },
    });
    return { mend };
  },
} satisfies Partial<Record<ChainCause, ClusterFault>>;
