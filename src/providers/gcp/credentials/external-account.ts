import {
  defined,
  errorText,
  isRecord,
  type JsonRecord,
  PodtrustError,
  recordOf,
  textOf,
} from "../../../core/base/index.ts";
import { readCredentialFile } from "../../../core/files/index.ts";
import { jsonOf, request } from "../../../core/http/index.ts";
import { googleForms } from "../../../rules/oidc/index.ts";
import { checkedGoogleUrl, checkedSourceUrl } from "../endpoint.ts";
import { neededText, requiredMember } from "./members.ts";

/** The source of the token that Google exchanges. */
export type SubjectTokenSource =
  | { readonly file: string; readonly field?: string }
  | { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly field?: string };

/** Federated credentials (AIP-4117): no secret, only where a token is and for which provider. */
export interface ExternalAccountCredentials {
  readonly kind: "external_account";
  /** The provider's full name. */
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: string;
  readonly source: SubjectTokenSource;
  /** The service account to become, by the URL that gives its tokens. */
  readonly impersonation?: { readonly url: string; readonly lifetimeSeconds: number };
}

const maxToken = 64 * 1024;

// A config is data: it must not make us run a program, or ask this machine's own services for rights.
const refused: readonly { readonly member: string; readonly why: string }[] = [
  { member: "executable", why: "it would run a program" },
  { member: "environment_id", why: "it takes the rights of an AWS machine" },
  { member: "certificate", why: "it takes a client certificate" },
];

function sourceOf(file: JsonRecord): SubjectTokenSource {
  const source = recordOf(file["credential_source"]);
  for (const { member, why } of refused) {
    if (source[member] === undefined) continue;
    const sentence = `credential_source.${member} is not taken: ${why}`;
    throw new PodtrustError("gcp-credentials-unsupported", sentence, { detail: { member } });
  }
  const format = recordOf(source["format"]);
  const field = format["type"] === "json" ? requiredMember(format, "subject_token_field_name") : undefined;
  const path = textOf(source["file"]);
  if (path !== undefined && path !== "") return { file: path, ...defined({ field }) };
  const url = checkedSourceUrl(requiredMember(source, "url"));
  const headers = Object.entries(recordOf(source["headers"])).map(([name, value]): [string, string] => {
    const isHeader =
      /^[A-Za-z0-9-]{1,60}$/u.test(name) && typeof value === "string" && /^[ -~]{0,500}$/u.test(value);
    if (isHeader) return [name, value];
    throw new PodtrustError("gcp-credentials-invalid", "credential_source.headers holds what is no header");
  });
  return { url, headers: Object.fromEntries(headers), ...defined({ field }) };
}

function impersonationOf(file: JsonRecord): Pick<ExternalAccountCredentials, "impersonation"> {
  const text = textOf(file["service_account_impersonation_url"]);
  if (text === undefined) return {};
  const url = checkedGoogleUrl(text, "iamcredentials", "service_account_impersonation_url");
  const seconds = recordOf(file["service_account_impersonation"])["token_lifetime_seconds"] ?? 3600;
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 60 || seconds > 43_200)
    throw new PodtrustError(
      "gcp-credentials-invalid",
      "token_lifetime_seconds is no number of seconds from 60 to 43200",
    );
  return { impersonation: { url, lifetimeSeconds: seconds } };
}

/** An `external_account` file. Throws `gcp-credentials-invalid` and `gcp-credentials-unsupported`. */
export function externalAccount(file: JsonRecord): ExternalAccountCredentials {
  const tokenUrl = requiredMember(file, "token_url");
  return {
    kind: "external_account",
    audience: neededText(
      file,
      "audience",
      new RegExp(`^//iam\\.googleapis\\.com/${googleForms.provider}$`, "u"),
    ),
    subjectTokenType: neededText(
      file,
      "subject_token_type",
      /^urn:ietf:params:oauth:token-type:(?:jwt|id_token)$/u,
    ),
    tokenUrl: checkedGoogleUrl(tokenUrl, "sts", "token_url"),
    source: sourceOf(file),
    ...impersonationOf(file),
  };
}

async function sourceText(source: SubjectTokenSource, signal: AbortSignal): Promise<string> {
  if ("file" in source) return (await readCredentialFile("google-subject-token", source.file)).text;
  const { url, headers } = source;
  const { status, body } = await request(url, { headers, signal, maxBytes: maxToken, allowPlainHttp: true });
  if (status !== 200) throw new Error(`status ${status}`);
  return body.toString("utf8");
}

/** The token to exchange, from where the file says it is. Throws `gcp-credentials-missing`, which never repeats it. */
export async function subjectToken(
  { source }: ExternalAccountCredentials,
  signal: AbortSignal,
): Promise<string> {
  const where = "file" in source ? source.file : new URL(source.url).origin;
  let text: string;
  try {
    text = (await sourceText(source, signal)).trim();
  } catch (error) {
    signal.throwIfAborted();
    const sentence = `the token of credential_source cannot be read: ${where}: ${errorText(error)}`;
    throw new PodtrustError("gcp-credentials-missing", sentence, { cause: error });
  }
  const value = source.field === undefined ? text : fieldOf(text, source.field);
  if (value !== undefined && /^[A-Za-z0-9_.~+/=-]{1,65536}$/u.test(value)) return value;
  throw new PodtrustError("gcp-credentials-invalid", `what credential_source names holds no token: ${where}`);
}

function fieldOf(text: string, field: string): string | undefined {
  const value = jsonOf({ body: Buffer.from(text) });
  return isRecord(value) && Object.hasOwn(value, field) ? textOf(value[field]) : undefined;
}
