import { X509Certificate } from "node:crypto";
import { defined, mapLimit, PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { type ConnectTo, ExchangeObserver, request } from "../../core/http/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Look, PendingCertificate, ServingLook, WebhookLook } from "../judge/index.ts";
import { listed, look, type Looking, namesIn, numberOf, textsIn } from "./looking.ts";
import { selectorOf } from "./workloads.ts";

/** Where a webhook listens, as the API server has it. */
interface WebhookEndpoint {
  readonly url: string;
  readonly ca: string;
  readonly connectTo: readonly ConnectTo[];
}

const handshakeMs = 3000;
const defaultPort = 443;

/** Whether a rule is about pods that are made. */
function isForPods(webhook: Readonly<Record<string, unknown>>): boolean {
  const has = (value: unknown, ...wanted: readonly string[]): boolean =>
    Array.isArray(value) && wanted.some((one) => value.includes(one));
  return recordsOf(webhook["rules"]).some(
    (rule) =>
      has(rule["resources"], "pods", "*", "pods/*", "*/*") &&
      has(rule["operations"], "CREATE", "*") &&
      has(rule["apiGroups"], "", "*"),
  );
}

/** The webhooks that give pods a role, by the names that their makers give them, or by what we call ours. */
function isForIdentity(configuration: string, name: string): boolean {
  return /pod-identity|podtrust|irsa|workload-identity/u.test(`${configuration} ${name}`);
}

function pemOfBundle(bundle: string | undefined): string {
  return bundle === undefined ? "" : Buffer.from(bundle, "base64").toString("utf8");
}

async function endpointOf(
  looking: Looking,
  client: Readonly<Record<string, unknown>>,
): Promise<WebhookEndpoint> {
  const ca = pemOfBundle(textOf(client["caBundle"]));
  const url = textOf(client["url"]);
  if (url !== undefined) return { url, ca, connectTo: [] };
  const service = recordOf(client["service"]);
  const [namespace, name] = [textOf(service["namespace"]) ?? "", textOf(service["name"]) ?? ""];
  const { api, signal } = looking;
  const object = await api.read({ kind: "Service", namespace, name }, { signal });
  const address = textOf(recordOf(object?.["spec"])["clusterIP"]) ?? "";
  const port = numberOf(service["port"]) ?? defaultPort;
  const host = `${name}.${namespace}.svc`;
  return {
    url: `https://${host}:${port}/`,
    ca,
    connectTo: [{ host, port, address, toPort: port }],
  };
}

function certificateFacts(observer: ExchangeObserver): Pick<ServingLook, "names" | "signature"> {
  const pem = observer.facts.tls?.chain[0]?.pem;
  if (pem === undefined) return { names: [] };
  const certificate = new X509Certificate(pem);
  const names = (certificate.subjectAltName ?? "").split(", ").filter((one) => one !== "");
  return { names, ...defined({ signature: certificate.signatureAlgorithm }) };
}

/** A handshake with a webhook as the API server makes it: what it is asked then is nothing that it answers to. */
async function servingLook(
  looking: Looking,
  client: Readonly<Record<string, unknown>>,
): Promise<ServingLook> {
  const endpoint = await endpointOf(looking, client);
  const observer = new ExchangeObserver();
  const { url, ca, connectTo } = endpoint;
  const route = { connectTo, timeoutMs: handshakeMs, signal: looking.signal, observer, direct: true };
  try {
    await request(url, { ...route, ...defined({ ca: ca === "" ? undefined : ca }) });
    return { verified: true, ...certificateFacts(observer) };
  } catch (error) {
    looking.signal.throwIfAborted();
    const { cause, message, code } = error as PodtrustError;
    const word = (cause as { readonly code?: unknown } | undefined)?.code;
    const facts = certificateFacts(observer);
    // An answer that is no HTTP, or comes too late, came over a connection that was verified.
    if (observer.facts.tls !== undefined && code !== "http-tls") return { verified: true, ...facts };
    if (code !== "http-tls") throw error;
    const problem = typeof word === "string" ? word : message.slice(0, 300);
    const refused = /^(?:ERR_SSL|EPROTO|ECONN)/u.test(problem);
    return { verified: false, ...(refused ? { noHandshake: problem } : { problem }), ...facts };
  }
}

async function readyOf(looking: Looking, service: string | undefined): Promise<number> {
  if (service === undefined) throw new PodtrustError("usage", "a URL leads to it, and no Service");
  const { namespace, name } = namesIn(service);
  const labels = `kubernetes.io/service-name=${name}`;
  const slices = await listed(looking, { kind: "EndpointSlice", namespace, labels });
  return slices
    .flatMap((slice) => recordsOf(slice["endpoints"]))
    .filter((one) => recordOf(one["conditions"])["ready"] !== false)
    .flatMap((one) => (Array.isArray(one["addresses"]) ? one["addresses"].map(String) : [])).length;
}

async function webhookLook(
  looking: Looking,
  configuration: string,
  webhook: Readonly<Record<string, unknown>>,
): Promise<WebhookLook> {
  const client = recordOf(webhook["clientConfig"]);
  const { namespace, name } = textsIn(client["service"]);
  const service = name === undefined ? undefined : `${namespace ?? ""}/${name}`;
  const { signal } = looking;
  const [ready, serving] = await Promise.all([
    look(signal, () => readyOf(looking, service)),
    look(signal, () => servingLook(looking, client)),
  ]);
  const versions = webhook["admissionReviewVersions"];
  return {
    configuration,
    name: textOf(webhook["name"]) ?? "",
    failurePolicy: webhook["failurePolicy"] === "Ignore" ? "Ignore" : "Fail",
    timeoutSeconds: numberOf(webhook["timeoutSeconds"]) ?? 10,
    reviewVersions: Array.isArray(versions) ? versions.map(String) : [],
    namespaceSelector: selectorOf(webhook["namespaceSelector"]),
    objectSelector: selectorOf(webhook["objectSelector"]),
    ready,
    serving,
    ...defined({ service }),
  };
}

/** The webhooks that are asked about pods and give them a role, each with its endpoints and its certificate. */
export function webhookLooks(looking: Looking): Promise<Look<readonly WebhookLook[]>> {
  return look(looking.signal, async () => {
    const all = await listed(looking, { kind: "MutatingWebhookConfiguration" });
    const found = all.flatMap((one) =>
      recordsOf(one["webhooks"])
        .filter((webhook) => isForPods(webhook))
        .filter((webhook) => isForIdentity(one.metadata.name, textOf(webhook["name"]) ?? ""))
        .map((webhook) => ({ configuration: one.metadata.name, webhook })),
    );
    return mapLimit(found, ({ configuration, webhook }) => webhookLook(looking, configuration, webhook));
  });
}

function pending(object: KubernetesObject): readonly PendingCertificate[] {
  const spec = recordOf(object["spec"]);
  const certificate = textOf(recordOf(object["status"])["certificate"]);
  const username = textOf(spec["username"]) ?? "";
  if (certificate !== undefined || !username.startsWith("system:serviceaccount:")) return [];
  return [{ name: object.metadata.name, username, signer: textOf(spec["signerName"]) ?? "" }];
}

/** Unsigned requests of ServiceAccounts for certificates. */
export function pendingCertificates(looking: Looking): Promise<Look<readonly PendingCertificate[]>> {
  return look(looking.signal, async () =>
    (await listed(looking, { kind: "CertificateSigningRequest" })).flatMap(pending),
  );
}
