import type { JsonRecord } from "../../src/core/base/index.ts";
import { containerOf, type PartyCase, podOf, tooLongWarning, warningOf, withVolumes } from "./party-case.ts";

const key = (name: string): string => `cloud.google.com/${name}`;
const provider = "projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod";
const email = "web@my-project.iam.gserviceaccount.com";

/** Annotations of a ServiceAccount whose pods become a service account of Google. */
export const googleAccount = {
  "cloud.google.com/workload-identity-provider": provider,
  "cloud.google.com/service-account-email": email,
};

const folder = "/var/run/secrets/workload-identity";
const mount = { name: "external-credential-config", readOnly: true, mountPath: folder };
const annotation = key("external-credentials-json");

/** The file as gcloud writes it (iam workload-identity-pools create-cred-config), on one line. */
const fileText = (as?: string): string =>
  '{"universe_domain":"googleapis.com","type":"external_account",' +
  `"audience":"//iam.googleapis.com/${provider}",` +
  '"subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"https://sts.googleapis.com/v1/token",' +
  (as === undefined
    ? ""
    : `"service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${as}:generateAccessToken",`) +
  `"credential_source":{"file":"${folder}/token","format":{"type":"text"}}}`;

const fileVariables = [
  { name: "GOOGLE_APPLICATION_CREDENTIALS", value: `${folder}/federation.json` },
  { name: "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", value: `${folder}/federation.json` },
];
const projectVariables = [
  { name: "GOOGLE_CLOUD_PROJECT", value: "my-project" },
  { name: "CLOUDSDK_CORE_PROJECT", value: "my-project" },
];
const given = (env: readonly JsonRecord[] = [...fileVariables, ...projectVariables]): JsonRecord =>
  containerOf({ env, volumeMounts: [mount] });

function volume(expirationSeconds = 3600, audience = `https://iam.googleapis.com/${provider}`): JsonRecord {
  const fieldRef = { fieldPath: `metadata.annotations['${annotation}']` };
  const sources = [
    { serviceAccountToken: { audience, expirationSeconds, path: "token" } },
    { downwardAPI: { items: [{ path: "federation.json", fieldRef }] } },
  ];
  return { name: "external-credential-config", projected: { sources } };
}

const plain = podOf({}, containerOf());
const annotated = (annotations: Readonly<Record<string, string>>): JsonRecord => ({ annotations });
/** The metadata of a pod that was given the file. */
const withFile = (more: Readonly<Record<string, string>> = {}, as?: string): JsonRecord =>
  annotated({ ...more, [annotation]: fileText(as) });
const whole = (metadata: JsonRecord, its: JsonRecord, ...containers: readonly JsonRecord[]): JsonRecord =>
  withVolumes(podOf(metadata, ...containers), its);

const gcloud = "that mode is not made: pods get the credential file itself, as in the mode direct";
const skipping = { [key("skip-containers")]: "proxy, migrate " };
const lasting = { [key("token-expiration")]: "7200" };
const own = { [annotation]: "{}" };
const proxy = { name: "proxy", image: "proxy" };
const cache = { name: "cache", emptyDir: {} };
const cached = { name: "cache", mountPath: folder };

/** What may become of a pod whose ServiceAccount asks, and of one whose does not. */
export const googleCases: readonly PartyCase[] = [
  { name: "asks-for-nothing", serviceAccount: { [key("service-account-email")]: email }, pod: plain },
  {
    name: "one-container",
    serviceAccount: googleAccount,
    pod: plain,
    injected: whole(withFile({}, email), volume(), given()),
  },
  {
    name: "with-annotations",
    serviceAccount: googleAccount,
    pod: podOf(annotated({ other: "x" }), containerOf()),
    injected: whole(withFile({ other: "x" }, email), volume(), given()),
  },
  {
    name: "direct-access",
    serviceAccount: { [key("workload-identity-provider")]: provider },
    pod: plain,
    injected: whole(withFile(), volume(), given(fileVariables)),
  },
  {
    name: "address-without-a-project",
    serviceAccount: {
      ...googleAccount,
      [key("service-account-email")]: "123-compute@developer.gserviceaccount.com",
    },
    pod: plain,
    injected: whole(
      withFile({}, "123-compute@developer.gserviceaccount.com"),
      volume(),
      given(fileVariables),
    ),
  },
  {
    name: "skipped-by-label",
    serviceAccount: googleAccount,
    pod: podOf({ labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } }, containerOf()),
  },
  {
    name: "windows",
    serviceAccount: googleAccount,
    pod: {
      metadata: {},
      spec: { serviceAccountName: "web", os: { name: "windows" }, containers: [containerOf()] },
    },
  },
  {
    name: "audience",
    serviceAccount: { ...googleAccount, [key("audience")]: "sts.googleapis.com" },
    pod: plain,
    injected: whole(withFile({}, email), volume(3600, "sts.googleapis.com"), given()),
  },
  {
    name: "expiration-of-the-pod",
    serviceAccount: { ...googleAccount, [key("token-expiration")]: "86400" },
    pod: podOf(annotated(lasting), containerOf()),
    injected: whole(withFile(lasting, email), volume(7200), given()),
  },
  {
    name: "expiration-too-long",
    serviceAccount: { ...googleAccount, [key("token-expiration")]: "100000" },
    pod: plain,
    injected: whole(withFile({}, email), volume(86_400), given()),
  },
  {
    name: "project-id-for-number",
    serviceAccount: {
      ...googleAccount,
      [key("workload-identity-provider")]: provider.replace("123456789012", "my-project"),
    },
    pod: plain,
    warnings: [
      warningOf(
        key("workload-identity-provider"),
        "ServiceAccount",
        provider.replace("123456789012", "my-project"),
        "it is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number and not its id, and pods get nothing",
      ),
    ],
  },
  {
    name: "no-address",
    serviceAccount: { ...googleAccount, [key("service-account-email")]: 'web"@example.com' },
    pod: plain,
    warnings: [
      warningOf(
        key("service-account-email"),
        "ServiceAccount",
        'web"@example.com',
        "it is no service account's address, and pods get nothing",
      ),
    ],
  },
  {
    name: "values-that-do-not-fit",
    serviceAccount: { ...googleAccount, [key("audience")]: "two words", [key("token-expiration")]: "soon" },
    pod: plain,
    injected: whole(withFile({}, email), volume(), given()),
    warnings: [
      warningOf(
        key("audience"),
        "ServiceAccount",
        "two words",
        "it is not 1 to 256 characters without white space, and not used",
      ),
      warningOf(
        key("token-expiration"),
        "ServiceAccount",
        "soon",
        "it is no number of seconds, and not used",
      ),
    ],
  },
  {
    name: "provider-too-long",
    serviceAccount: { ...googleAccount, [key("workload-identity-provider")]: "p".repeat(100_000) },
    pod: plain,
    warnings: [tooLongWarning(key("workload-identity-provider"))],
  },
  {
    name: "address-too-long",
    serviceAccount: { ...googleAccount, [key("service-account-email")]: "e".repeat(2049) },
    pod: plain,
    warnings: [tooLongWarning(key("service-account-email"))],
  },
  {
    name: "audience-too-long",
    serviceAccount: { ...googleAccount, [key("audience")]: "a".repeat(2049) },
    pod: plain,
    injected: whole(withFile({}, email), volume(), given()),
    warnings: [tooLongWarning(key("audience"))],
  },
  {
    name: "mode-gcloud",
    serviceAccount: { ...googleAccount, [key("injection-mode")]: "gcloud" },
    pod: plain,
    injected: whole(withFile({}, email), volume(), given()),
    warnings: [warningOf(key("injection-mode"), "ServiceAccount", "gcloud", gcloud)],
  },
  {
    name: "skipped-containers",
    serviceAccount: googleAccount,
    pod: podOf(annotated(skipping), containerOf(), proxy),
    injected: whole(withFile(skipping, email), volume(), given(), proxy),
  },
  {
    name: "own-file",
    serviceAccount: googleAccount,
    pod: podOf(
      annotated(own),
      containerOf({ env: [{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/own" }] }),
    ),
    injected: whole(
      annotated(own),
      volume(),
      given([{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/own" }, ...projectVariables]),
    ),
  },
  {
    name: "folder-taken",
    serviceAccount: googleAccount,
    pod: withVolumes(podOf({}, containerOf({ volumeMounts: [cached] })), cache),
    injected: withVolumes(
      podOf(withFile({}, email), containerOf({ env: projectVariables, volumeMounts: [cached] })),
      volume(),
      cache,
    ),
  },
];
