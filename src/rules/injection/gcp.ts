import type { JsonRecord } from "../../core/base/index.ts";
import { googleForms } from "../oidc/index.ts";
import type { Surroundings } from "./annotated-access.ts";
import {
  type AnnotationReading,
  type AskingAnnotation,
  type Expiration,
  isAsking,
  namesIn,
  type PartyAsking,
  readAnnotations,
  secondsOf,
} from "./annotation-reading.ts";
import { noteTexts } from "./notes.ts";
import { patterns } from "./patterns.ts";
import { fileIn } from "./mount-paths.ts";
import { injectToken, isLeftAlone, type PartyInjection, type TokenInjection } from "./token.ts";

const prefix = "cloud.google.com/";

/** The annotations of gcp-workload-identity-federation-webhook (pfnet-research), in its mode `direct`. */
export const googleAnnotations = {
  "workload-identity-provider": {
    key: `${prefix}workload-identity-provider`,
    on: ["ServiceAccount"],
    // Google's own ids and the project's number: its id is refused by the exchange as an audience that is invalid.
    pattern: new RegExp(`^${googleForms.provider}$`, "u"),
    instead:
      "it is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number and not its id, and pods get nothing",
  },
  "service-account-email": {
    key: `${prefix}service-account-email`,
    on: ["ServiceAccount"],
    pattern: new RegExp(`^${googleForms.email}$`, "u"),
    instead: "it is no service account's address, and pods get nothing",
  },
  audience: {
    key: `${prefix}audience`,
    on: ["ServiceAccount"],
    pattern: /^[!-~]{1,256}$/u,
    instead: "it is not 1 to 256 characters without white space, and not used",
  },
  "token-expiration": {
    key: `${prefix}token-expiration`,
    on: ["pod", "ServiceAccount"],
    pattern: patterns.integer,
    instead: noteTexts["token-expiration"],
  },
  "injection-mode": {
    key: `${prefix}injection-mode`,
    on: ["ServiceAccount"],
    pattern: /^direct$/u,
    instead: "that mode is not made: pods get the credential file itself, as in the mode direct",
  },
  "skip-containers": {
    key: `${prefix}skip-containers`,
    on: ["pod"],
    isList: true,
    instead: noteTexts["skip-containers"],
  },
} as const satisfies Readonly<Record<string, AskingAnnotation>>;

/** Without a service account's address the pod is its own principal. */
export const googleAsking: PartyAsking = {
  annotations: googleAnnotations,
  asks: ["workload-identity-provider"],
  configMap: "podtrust-injection-gcp",
};

/** The separator of containers to skip. */
export const googleSeparator = ",";

/** The least of pfnet's webhook, and the most that Google documents for a token. */
export const googleExpiration: Expiration = { default: 3600, min: 3600, max: 86_400 };

/**
 * Where pfnet's webhook has the credential file in its mode `direct`, and the annotation of the pod that the file is made of.
 * The token stands beside the file, which names it.
 */
export const googleMount = {
  volume: "external-credential-config",
  folder: "/var/run/secrets/workload-identity",
  token: "token",
  file: "federation.json",
  annotation: `${prefix}external-credentials-json`,
} as const;

/** Google's libraries read the first of `file`, the gcloud CLI the second; and so of `project`. */
export const googleVariables = {
  file: ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"],
  project: ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"],
} as const;

/** Before a provider's name in an audience: the token's own, where the ServiceAccount names none. */
export const googleAudience = "https://iam.googleapis.com/";

/** The addresses of service accounts that contain their project's id, and what follows it in them. */
export const googleProject = {
  pattern: new RegExp(`^${googleForms.projectEmail}$`, "u"),
  behind: ".iam.gserviceaccount.com",
} as const;

/**
 * A credential configuration file (https://google.aip.dev/auth/4117), which has no secret in it. Both texts have to be
 * fit for JSON. Without an address no service account is impersonated.
 */
export function credentialText(provider: string, email: string): string {
  const account = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
  return JSON.stringify({
    universe_domain: "googleapis.com",
    type: "external_account",
    audience: `//iam.googleapis.com/${provider}`,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: "https://sts.googleapis.com/v1/token",
    ...(email === "" ? {} : { service_account_impersonation_url: account }),
    credential_source: {
      file: fileIn(googleMount.folder, googleMount.token),
      format: { type: "text" },
    },
  });
}

function projectOf(email: string): string {
  const { pattern, behind } = googleProject;
  return pattern.test(email) ? email.slice(email.indexOf("@") + 1, -behind.length) : "";
}

function injectionOf({ fitting }: AnnotationReading<keyof typeof googleAnnotations>): TokenInjection {
  const { volume, folder, token, file, annotation } = googleMount;
  const { "workload-identity-provider": provider, "service-account-email": email } = fitting;
  const audience = fitting.audience === "" ? `${googleAudience}${provider}` : fitting.audience;
  const expirationSeconds = secondsOf(fitting["token-expiration"], googleExpiration);
  const fieldRef = { fieldPath: `metadata.annotations['${annotation}']` };
  const sources = [
    { serviceAccountToken: { audience, expirationSeconds, path: token } },
    { downwardAPI: { items: [{ path: file, fieldRef }] } },
  ];
  const project = projectOf(email);
  return {
    volume: { name: volume, projected: { sources } },
    folder,
    variables: [
      { names: googleVariables.file, value: fileIn(folder, file), isFile: true },
      ...(project === "" ? [] : [{ names: googleVariables.project, value: project, isFile: false }]),
    ],
    skipped: namesIn(fitting["skip-containers"], googleSeparator),
    annotation: { key: annotation, value: credentialText(provider, email) },
  };
}

/**
 * A pod with a token for Google's token exchange and the credential configuration file that names it, where its ServiceAccount
 * asks. Nothing where the provider, or the address of a service account, is none.
 */
export function injectGoogle(pod: JsonRecord, around: Surroundings): PartyInjection {
  const asks = around.serviceAccount !== undefined && isAsking(around.serviceAccount, googleAsking);
  if (!asks || isLeftAlone(pod)) return { pod, notes: [] };
  const asked = readAnnotations(googleAnnotations, pod, around);
  const { values, fitting, tooLong, notes } = asked;
  // Without an address that it asks for a pod would be another principal.
  const isWhole = (["workload-identity-provider", "service-account-email"] as const).every(
    (name) => fitting[name] === values[name] && !tooLong.has(name),
  );
  return { pod: isWhole ? injectToken(pod, injectionOf(asked)) : pod, notes };
}

/** The recipient of a token: a provider's full name, `projects/…/providers/…`, and an audience that it takes. */
export interface TokenTaker {
  readonly provider: string;
  readonly audience: string;
}

/** The same for pods of podtrust's own, which come up where nothing injects: each is its own principal. */
export function injectOwnGoogle(pod: JsonRecord, { provider, audience }: TokenTaker): JsonRecord {
  const { "workload-identity-provider": asked, audience: wanted } = googleAnnotations;
  const annotations = { [asked.key]: provider, [wanted.key]: audience };
  return injectGoogle(pod, { serviceAccount: { metadata: { annotations } } }).pod;
}
