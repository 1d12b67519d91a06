import { isRecord } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { IssuerFinding } from "../../issuer/index.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { bodyStart, type Judged, jsonBody, responseOf } from "./judged.ts";

interface Answer {
  readonly document: "discovery" | "jwks";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body. */
  readonly body: string;
  /** The other document came with status 200. */
  readonly otherServed: boolean;
}

const hasCode = ({ body }: Answer, code: string): boolean => body.includes(`<Code>${code}</Code>`);
const isKubernetes = ({ body }: Answer): boolean => /"kind"\s*:\s*"Status"/u.test(body);
const isHtml = (body: string): boolean => /^\s*<(?:!doctype|html|head|body)\b/iu.test(body);

/** Servers that are a provider's alone: no third-party proxy is behind them. */
const storage = /^(?:AmazonS3|Windows-Azure-Blob|UploadServer)/u;

function isIncident({ status, headers }: Answer): boolean {
  return status >= 500 && storage.test(headers["server"] ?? "");
}

/** The marks by which a refusal is known, the surest first. */
const marks: readonly (readonly [Reason, (answer: Answer) => boolean])[] = [
  ["AnonymousUnauthorized", (answer) => answer.status === 401 && isKubernetes(answer)],
  ["AnonymousForbidden", (answer) => answer.status === 403 && isKubernetes(answer)],
  ["BotProtection", ({ headers }) => headers["cf-mitigated"] !== undefined],
  [
    "BotProtection",
    ({ status, headers, body }) =>
      (status === 403 || status === 503) && headers["server"] === "cloudflare" && isHtml(body),
  ],
  [
    "StorageFirewall",
    ({ headers, status }) => headers["x-ms-error-code"] !== undefined && status !== 404 && status < 500,
  ],
  [
    "ObjectEncrypted",
    (answer) => answer.status === 400 && hasCode(answer, "InvalidArgument") && /\bKMS\b/u.test(answer.body),
  ],
  ["BucketMissing", (answer) => hasCode(answer, "NoSuchBucket")],
  ["Throttled", (answer) => answer.status === 429 || hasCode(answer, "SlowDown")],
  ["ProviderIncident", isIncident],
  ["ObjectPrivate", (answer) => hasCode(answer, "AccessDenied") && answer.otherServed],
  ["BucketPrivate", (answer) => hasCode(answer, "AccessDenied")],
  ["LoginRequired", ({ status }) => status === 401],
  [
    "JwksPathMissing",
    ({ status, document, otherServed }) => status === 404 && document === "jwks" && otherServed,
  ],
  ["DocumentMissing", ({ status }) => status === 404 || status === 410],
  ["ServerFailing", ({ status }) => status >= 500],
];

/** Why a document comes with another status than 200. */
export function refuseStatus(facts: Judged, found: IssuerFinding): DoctorFinding {
  const { document, seen } = found;
  const response = responseOf(facts, found);
  const other = responseOf(facts, { document: document === "discovery" ? "jwks" : "discovery" });
  const { status, headers } = response;
  const answer = { document, status, headers, body: bodyStart(response), otherServed: other.status === 200 };
  const reason = marks.find(([, fits]) => fits(answer))?.[0] ?? found.reason;
  return finding(reason, { seen: `${seen}${markOf(answer)}`, link: document });
}

/** The mark that was found, for the proof. */
function markOf(answer: Answer): string {
  if (isKubernetes(answer)) return ", with a Kubernetes Status as its body";
  const code = /<Code>([A-Za-z]{1,40})<\/Code>/u.exec(answer.body)?.[1];
  if (code !== undefined) return `, with the code ${code} in its XML`;
  const microsoft = answer.headers["x-ms-error-code"];
  if (microsoft !== undefined) return `, with x-ms-error-code: ${microsoft.slice(0, 80)}`;
  const cloudflare = answer.headers["cf-mitigated"];
  return cloudflare === undefined ? "" : `, with cf-mitigated: ${cloudflare.slice(0, 40)}`;
}

/** What came in place of a document, with status 200. */
export function unreadable(facts: Judged, found: IssuerFinding): DoctorFinding | undefined {
  const response = responseOf(facts, found);
  const body = bodyStart(response);
  const { seen, document } = found;
  if (isHtml(body))
    return finding("DocumentIsPage", { seen: `${found.url} answers 200 with HTML`, link: document });
  if (isRecord(jsonBody(response))) return undefined;
  return finding("DocumentNotJson", { seen, link: document });
}
