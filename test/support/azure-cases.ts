import type { JsonRecord } from "../../src/core/base/index.ts";
import { containerOf, type PartyCase, podOf, tooLongWarning, warningOf, withVolumes } from "./party-case.ts";

const key = (name: string): string => `azure.workload.identity/${name}`;
const client = "22222222-3333-4444-5555-666666666666";
const tenant = "11111111-2222-3333-4444-555555555555";

/** Annotations of a ServiceAccount whose pods become an identity of Azure. */
export const azureAccount = { [key("client-id")]: client, [key("tenant-id")]: tenant };

const folder = "/var/run/secrets/azure/tokens";
const file = `${folder}/azure-identity-token`;
const mount = { name: "azure-identity-token", readOnly: true, mountPath: folder };

interface Values {
  readonly client?: string;
  readonly tenant?: string;
  readonly authority?: string;
}

/** The four variables, in their order. */
const variables = ({ authority = "https://login.microsoftonline.com/", ...ids }: Values): JsonRecord[] => [
  ...(ids.client === undefined ? [] : [{ name: "AZURE_CLIENT_ID", value: ids.client }]),
  ...(ids.tenant === undefined ? [] : [{ name: "AZURE_TENANT_ID", value: ids.tenant }]),
  { name: "AZURE_FEDERATED_TOKEN_FILE", value: file },
  { name: "AZURE_AUTHORITY_HOST", value: authority },
];
const given = (values: Values = { client, tenant }, more: object = {}): JsonRecord =>
  containerOf({ env: variables(values), volumeMounts: [mount], ...more });

function volume(expirationSeconds = 3600, audience = "api://AzureADTokenExchange"): JsonRecord {
  const serviceAccountToken = { audience, expirationSeconds, path: "azure-identity-token" };
  return { name: "azure-identity-token", projected: { sources: [{ serviceAccountToken }] } };
}

const plain = podOf({}, containerOf());
const annotated = (annotations: Readonly<Record<string, string>>): JsonRecord => ({ annotations });
const skipped = annotated({ [key("skip-containers")]: " proxy ; migrate" });
const long = `web${" ".repeat(4094)}`;
const proxied = annotated({ [key("inject-proxy-sidecar")]: "true" });
const cache = { name: "cache", emptyDir: {} };
const cached = { name: "cache", mountPath: `${folder}/` };
const sidecar = { name: "proxy", image: "proxy", restartPolicy: "Always" };
const labelled = (value: string): JsonRecord => ({ labels: { [key("use")]: value } });

/** What may become of a pod whose ServiceAccount asks, and of one whose does not. */
export const azureCases: readonly PartyCase[] = [
  { name: "asks-for-nothing", serviceAccount: { other: "x" }, pod: plain },
  { name: "empty", serviceAccount: { [key("client-id")]: "" }, pod: plain },
  {
    name: "one-container",
    serviceAccount: azureAccount,
    pod: plain,
    injected: withVolumes(podOf({}, given()), volume()),
  },
  {
    name: "labelled",
    serviceAccount: azureAccount,
    pod: podOf(labelled("true"), containerOf()),
    injected: withVolumes(podOf(labelled("true"), given()), volume()),
  },
  {
    name: "label-alone",
    serviceAccount: {},
    namespace: { [key("tenant-id")]: tenant },
    pod: podOf(labelled("true"), containerOf()),
    injected: withVolumes(podOf(labelled("true"), given({ tenant })), volume()),
  },
  {
    name: "no-label-where-the-namespace-names-a-tenant",
    serviceAccount: {},
    namespace: { [key("tenant-id")]: tenant },
    pod: plain,
  },
  { name: "label-without-a-tenant", serviceAccount: {}, pod: podOf(labelled("true"), containerOf()) },
  { name: "labelled-false", serviceAccount: azureAccount, pod: podOf(labelled("false"), containerOf()) },
  {
    name: "skipped-by-label",
    serviceAccount: azureAccount,
    pod: podOf({ labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } }, containerOf()),
  },
  {
    name: "windows",
    serviceAccount: azureAccount,
    pod: {
      metadata: {},
      spec: {
        serviceAccountName: "web",
        nodeSelector: { "kubernetes.io/os": "windows" },
        containers: [containerOf()],
      },
    },
  },
  {
    name: "client-alone",
    serviceAccount: { [key("client-id")]: client },
    pod: plain,
    injected: withVolumes(podOf({}, given({ client })), volume()),
  },
  {
    name: "tenant-of-the-namespace",
    serviceAccount: { [key("client-id")]: client },
    namespace: { [key("tenant-id")]: "contoso.onmicrosoft.com" },
    pod: plain,
    injected: withVolumes(podOf({}, given({ client, tenant: "contoso.onmicrosoft.com" })), volume()),
  },
  {
    name: "tenant-alone",
    serviceAccount: { [key("tenant-id")]: tenant },
    namespace: { [key("tenant-id")]: "contoso.onmicrosoft.com" },
    pod: plain,
    injected: withVolumes(podOf({}, given({ tenant })), volume()),
  },
  {
    name: "client-too-long",
    serviceAccount: { ...azureAccount, [key("client-id")]: "c".repeat(2049) },
    pod: plain,
    injected: withVolumes(podOf({}, given({ tenant })), volume()),
    warnings: [tooLongWarning(key("client-id"))],
  },
  {
    name: "tenant-too-long",
    serviceAccount: { ...azureAccount, [key("tenant-id")]: "t".repeat(100_000) },
    namespace: { [key("tenant-id")]: "contoso.onmicrosoft.com" },
    pod: plain,
    injected: withVolumes(podOf({}, given({ client, tenant: "contoso.onmicrosoft.com" })), volume()),
    warnings: [tooLongWarning(key("tenant-id"))],
  },
  {
    name: "asks-by-a-value-too-long-alone",
    serviceAccount: { [key("client-id")]: "c".repeat(100_000) },
    pod: plain,
    warnings: [tooLongWarning(key("client-id"))],
  },
  {
    name: "another-cloud",
    serviceAccount: { ...azureAccount, "podtrust.dev/azure-cloud": "usgov" },
    namespace: { "podtrust.dev/azure-cloud": "china" },
    pod: plain,
    injected: withVolumes(
      podOf({}, given({ client, tenant, authority: "https://login.microsoftonline.us/" })),
      volume(3600, "api://AzureADTokenExchangeUSGov"),
    ),
  },
  {
    name: "cloud-of-the-namespace",
    serviceAccount: azureAccount,
    namespace: { "podtrust.dev/azure-cloud": "china" },
    pod: plain,
    injected: withVolumes(
      podOf({}, given({ client, tenant, authority: "https://login.chinacloudapi.cn/" })),
      volume(3600, "api://AzureADTokenExchangeChina"),
    ),
  },
  {
    name: "expiration-of-the-pod",
    serviceAccount: { ...azureAccount, [key("service-account-token-expiration")]: "4000" },
    pod: podOf(annotated({ [key("service-account-token-expiration")]: "7200" }), containerOf()),
    injected: withVolumes(
      podOf(annotated({ [key("service-account-token-expiration")]: "7200" }), given()),
      volume(7200),
    ),
  },
  {
    name: "expiration-too-short",
    serviceAccount: { ...azureAccount, [key("service-account-token-expiration")]: "600" },
    pod: plain,
    injected: withVolumes(podOf({}, given()), volume(3600)),
  },
  {
    name: "expiration-too-long",
    serviceAccount: { ...azureAccount, [key("service-account-token-expiration")]: "90000" },
    pod: plain,
    injected: withVolumes(podOf({}, given()), volume(86_400)),
  },
  {
    name: "values-that-do-not-fit",
    serviceAccount: {
      [key("client-id")]: "web",
      [key("tenant-id")]: "contoso",
      "podtrust.dev/azure-cloud": "german",
      [key("service-account-token-expiration")]: "1h",
    },
    pod: plain,
    injected: withVolumes(podOf({}, given({ client: "web", tenant: "contoso" })), volume()),
    warnings: [
      warningOf(
        key("client-id"),
        "ServiceAccount",
        "web",
        "it is no GUID, as client ids are; pods still get it",
      ),
      warningOf(
        key("tenant-id"),
        "ServiceAccount",
        "contoso",
        "it is neither the GUID of a tenant nor its domain; pods still get it",
      ),
      warningOf(
        "podtrust.dev/azure-cloud",
        "ServiceAccount",
        "german",
        "it is neither public, usgov nor china, and not used",
      ),
      warningOf(
        key("service-account-token-expiration"),
        "ServiceAccount",
        "1h",
        "it is no number of seconds, and not used",
      ),
    ],
  },
  {
    name: "proxy-sidecar",
    serviceAccount: azureAccount,
    pod: podOf(proxied, containerOf()),
    injected: withVolumes(podOf(proxied, given()), volume()),
    warnings: [
      warningOf(
        key("inject-proxy-sidecar"),
        "pod",
        "true",
        "no proxy is made: clients have to read AZURE_FEDERATED_TOKEN_FILE themselves",
      ),
    ],
  },
  {
    name: "skipped-containers",
    serviceAccount: azureAccount,
    pod: {
      metadata: skipped,
      spec: {
        serviceAccountName: "web",
        initContainers: [sidecar, { name: "wait", image: "wait" }],
        containers: [containerOf()],
      },
    },
    injected: {
      metadata: skipped,
      spec: {
        serviceAccountName: "web",
        initContainers: [sidecar, given(undefined, { name: "wait", image: "wait" })],
        containers: [given()],
        volumes: [volume()],
      },
    },
  },
  {
    name: "long-skip-list",
    serviceAccount: azureAccount,
    pod: podOf(annotated({ [key("skip-containers")]: long }), containerOf()),
    injected: withVolumes(podOf(annotated({ [key("skip-containers")]: long }), given()), volume()),
    warnings: [
      `podtrust: InjectionAnnotationInvalid: annotation ${key("skip-containers")} of the pod is "${long.slice(0, 100)}…": it is longer than 4096 characters, and not used`,
    ],
  },
  {
    name: "own-variables-and-mounts",
    serviceAccount: azureAccount,
    pod: withVolumes(
      podOf(
        {},
        containerOf({
          env: [{ name: "AZURE_CLIENT_ID", value: "own" }],
          volumeMounts: [{ name: "cache", mountPath: "/cache" }],
        }),
      ),
      cache,
    ),
    injected: withVolumes(
      podOf(
        {},
        containerOf({
          env: [{ name: "AZURE_CLIENT_ID", value: "own" }, ...variables({ tenant })],
          volumeMounts: [{ name: "cache", mountPath: "/cache" }, mount],
        }),
      ),
      volume(),
      cache,
    ),
  },
  {
    name: "folder-taken",
    serviceAccount: azureAccount,
    pod: withVolumes(podOf({}, containerOf({ volumeMounts: [cached] })), cache),
    injected: withVolumes(
      podOf(
        {},
        containerOf({
          env: variables({ client, tenant }).filter(({ name }) => name !== "AZURE_FEDERATED_TOKEN_FILE"),
          volumeMounts: [cached],
        }),
      ),
      volume(),
      cache,
    ),
  },
];
