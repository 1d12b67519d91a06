import { createPrivateKey, type KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { errorText, isRecord, type JsonRecord, PodtrustError, textOf } from "../../../core/base/index.ts";
import { readCredentialFile } from "../../../core/files/index.ts";
import { type ConsentEnvironment, credentialVariable } from "../../../core/credentials/index.ts";
import { answeredGoogleEmail } from "../../../rules/oidc/index.ts";
import { checkedGoogleUrl } from "../endpoint.ts";
import { type ExternalAccountCredentials, externalAccount } from "./external-account.ts";
import { neededText, requiredMember } from "./members.ts";
import { requireKnownAddresses } from "./known-addresses.ts";

/** A service account's own key (AIP-4112): its holder is that account until it is deleted. */
export interface ServiceAccountKey {
  readonly kind: "service_account";
  readonly email: string;
  readonly keyId: string | undefined;
  readonly key: KeyObject;
  readonly tokenUrl: string;
}

/** A person's login, as `gcloud auth application-default login` leaves it (AIP-4113). */
export interface AuthorizedUser {
  readonly kind: "authorized_user";
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUrl: string;
}

/** The content of a credentials file, checked by its form before any of it is sent anywhere. */
export type GoogleCredentials = (AuthorizedUser | ExternalAccountCredentials | ServiceAccountKey) & {
  /** The project whose quota a person's calls count against. */
  readonly quotaProject?: string;
};

const tokenEndpoint = "https://oauth2.googleapis.com/token";

/** The key of a service account. Unreadable content is never quoted. */
function privateKeyOf(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // OpenSSL's words may hold some of what it read.
  }
  if (key?.asymmetricKeyType === "rsa") return key;
  throw new PodtrustError("gcp-credentials-invalid", "private_key in the file of credentials is no RSA key");
}

function serviceAccount(file: JsonRecord): ServiceAccountKey {
  const tokenUrl = textOf(file["token_uri"]) ?? tokenEndpoint;
  return {
    kind: "service_account",
    email: neededText(file, "client_email", answeredGoogleEmail),
    keyId: textOf(file["private_key_id"])?.slice(0, 100),
    key: privateKeyOf(requiredMember(file, "private_key")),
    tokenUrl: checkedGoogleUrl(tokenUrl, "oauth2", "token_uri"),
  };
}

function authorizedUser(file: JsonRecord): AuthorizedUser {
  const tokenUrl = textOf(file["token_uri"]) ?? tokenEndpoint;
  return {
    kind: "authorized_user",
    clientId: requiredMember(file, "client_id"),
    clientSecret: requiredMember(file, "client_secret"),
    refreshToken: requiredMember(file, "refresh_token"),
    tokenUrl: checkedGoogleUrl(tokenUrl, "oauth2", "token_uri"),
  };
}

const kinds = {
  service_account: serviceAccount,
  authorized_user: authorizedUser,
  external_account: externalAccount,
} as const;

const isKind = (text: string): text is keyof typeof kinds => Object.hasOwn(kinds, text);

/** A file of credentials from its text. Throws `gcp-credentials-invalid` and `gcp-credentials-unsupported`. */
export function parseCredentials(text: string): GoogleCredentials {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // A parser's error quotes the text.
  }
  if (!isRecord(file))
    throw new PodtrustError("gcp-credentials-invalid", "the file of credentials is no JSON object");
  const type = textOf(file["type"]) ?? "";
  if (!isKind(type)) {
    const sentence = `credentials of type ${JSON.stringify(type.slice(0, 40))} are not taken`;
    throw new PodtrustError("gcp-credentials-unsupported", sentence, {
      detail: { taken: Object.keys(kinds) },
    });
  }
  const universe = textOf(file["universe_domain"]) ?? "googleapis.com";
  if (universe !== "googleapis.com") {
    throw new PodtrustError(
      "gcp-credentials-unsupported",
      "the file of credentials is for another cloud than googleapis.com (universe_domain)",
    );
  }
  const quotaProject = textOf(file["quota_project_id"]);
  if (quotaProject === undefined) return kinds[type](file);
  const checked = neededText(file, "quota_project_id", /^[a-z0-9.:-]{1,100}$/u);
  return { ...kinds[type](file), quotaProject: checked };
}

/** Their owner, as far as the file says. */
export function callerOf(credentials: GoogleCredentials): string {
  if (credentials.kind === "service_account") return credentials.email;
  if (credentials.kind === "authorized_user") return "a person who logged in";
  const { impersonation, audience } = credentials;
  return emailOf(impersonation?.url) ?? `a federated identity of ${audience}`;
}

/** The service account of a URL that gives its tokens. */
function emailOf(url: string | undefined): string | undefined {
  return /serviceAccounts\/([^:]+):/u.exec(url ?? "")?.[1];
}

/** The addresses that a file of credentials names. */
function addressesOf(credentials: GoogleCredentials): readonly string[] {
  if (credentials.kind !== "external_account") return [credentials.tokenUrl];
  const { tokenUrl, impersonation, source } = credentials;
  return [tokenUrl, impersonation?.url ?? tokenUrl, "url" in source ? source.url : tokenUrl];
}

/**
 * The credentials of the file that GOOGLE_APPLICATION_CREDENTIALS names: nothing else is looked for, so that a run has
 * no other rights than those that were intended. Throws `gcp-credentials-missing`, `credential-elsewhere`, and what
 * `parseCredentials` throws.
 */
export async function readCredentials(environment: ConsentEnvironment): Promise<GoogleCredentials> {
  const path = credentialVariable(environment.env, "google-credentials")?.value ?? "";
  if (path === "")
    throw new PodtrustError("gcp-credentials-missing", "GOOGLE_APPLICATION_CREDENTIALS is not set");
  let text: string;
  try {
    ({ text } = await readCredentialFile("google-credentials", resolve(path)));
  } catch (error) {
    const sentence = `the file of GOOGLE_APPLICATION_CREDENTIALS cannot be read: ${path}: ${errorText(error)}`;
    throw new PodtrustError("gcp-credentials-missing", sentence, { cause: error, detail: { path } });
  }
  const credentials = parseCredentials(text);
  await requireKnownAddresses(addressesOf(credentials), environment);
  return credentials;
}
