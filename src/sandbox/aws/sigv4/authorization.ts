import { createHash } from "node:crypto";
import { isoBasic } from "../../../core/base/index.ts";
import type { WireRequest } from "../wire/gate.ts";
import { type AwsProtocol, signatureFault } from "./fault.ts";

/** What a signature claims, from the Authorization header or from the query of a presigned URL. */
export interface SignedAuthorization {
  readonly accessKeyId: string;
  /** `YYYYMMDD`, `eu-central-1`, `sts`, `aws4_request`. */
  readonly scope: {
    readonly date: string;
    readonly region: string;
    readonly service: string;
    readonly end: string;
  };
  readonly signedHeaders: readonly string[];
  /** Hexadecimal, verbatim. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  readonly token: string | undefined;
  /** Where the signature is: the signed text leaves it out there, and only there. */
  readonly in: "header" | "query";
  /** Validity of a presigned URL in seconds; undefined for a header. */
  readonly expires: number | undefined;
}

const algorithm = "AWS4-HMAC-SHA256";

function firstHeader(request: WireRequest, name: string): string | undefined {
  return request.headers[name]?.[0];
}

/**
 * The query of a request as pairs, decoded. A bare `+` is a space, as the parameters' reader has it: the signed and the
 * executed text must be the same.
 */
export function queryPairs(target: string): [string, string][] {
  const at = target.indexOf("?");
  if (at === -1 || at === target.length - 1) return [];
  return target
    .slice(at + 1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals === -1 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decode(name), decode(value)];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return text;
  }
}

// The header is not repeated to the client: it might contain a secret by mistake.
function sumOf(header: string): string {
  return `(Hashed with SHA-256 and encoded with Base64) Authorization=${createHash("sha256").update(header).digest("base64")}`;
}

function credentialScope(credential: string, protocol: AwsProtocol): [string, SignedAuthorization["scope"]] {
  const parts = credential.split("/");
  // A key id holds no slash, so there are exactly five.
  const [accessKeyId, date, region, service, end] = parts;
  if (
    parts.length !== 5 ||
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    end === undefined
  ) {
    throw signatureFault(
      protocol,
      "incomplete",
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
      "the Credential part has another number of elements",
    );
  }
  return [accessKeyId, { date, region, service, end }];
}

function headerParts(header: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(",")) {
    const equals = part.indexOf("=");
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return parts;
}

function headerDate(request: WireRequest): string | undefined {
  const amz = firstHeader(request, "x-amz-date");
  if (amz !== undefined) return amz;
  const plain = Date.parse(firstHeader(request, "date") ?? "");
  if (Number.isNaN(plain)) return undefined;
  return isoBasic(plain);
}

function fromHeader(request: WireRequest, header: string, protocol: AwsProtocol): SignedAuthorization {
  if (!header.startsWith(`${algorithm} `)) {
    const said = header.split(" ", 1)[0] ?? "";
    throw signatureFault(
      protocol,
      "incomplete",
      `Unsupported AWS 'algorithm': '${said}'. ${sumOf(header)}`,
      `only ${algorithm} is verified here`,
    );
  }
  const parts = headerParts(header);
  const date = headerDate(request);
  const missing = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => (parts.get(name) ?? "") === "")
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined) {
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (missing.length > 0 || date === undefined) {
    const message = `${missing.join(" ")} ${sumOf(header)}`;
    throw signatureFault(protocol, "incomplete", message, "the Authorization header lacks parts");
  }
  const [accessKeyId, scope] = credentialScope(parts.get("Credential") ?? "", protocol);
  return {
    accessKeyId,
    scope,
    signedHeaders: (parts.get("SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: parts.get("Signature") ?? "",
    date,
    token: firstHeader(request, "x-amz-security-token"),
    in: "header",
    expires: undefined,
  };
}

/** The longest life of a presigned URL: a week in seconds. */
const maxLifetime = 604_800;

/** Validity of a presigned URL in seconds. The texts are S3's; those of the services here are unknown. */
function lifetime(text = "900", protocol: AwsProtocol): number {
  const fault =
    (/^-\d+$/u.test(text) ? "X-Amz-Expires must be non-negative" : undefined) ??
    (/^\d+$/u.test(text) ? undefined : "X-Amz-Expires should be a number") ??
    (Number(text) <= maxLifetime
      ? undefined
      : `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${maxLifetime} seconds`);
  if (fault === undefined) return Number(text);
  const why = "X-Amz-Expires is no whole number of seconds up to a week";
  throw signatureFault(protocol, "incomplete", fault, why);
}

function fromQuery(
  pairs: readonly (readonly [string, string])[],
  protocol: AwsProtocol,
): SignedAuthorization {
  const query = new Map(pairs);
  // Sorted, both orders of two values are the same canonical query: an intermediary could swap them.
  const seen = new Set<string>();
  const [twice] =
    pairs.find(([name]) => name.startsWith("X-Amz-") && seen.size === seen.add(name).size) ?? [];
  if (twice !== undefined) {
    const message = `AWS query-string parameters must include '${twice}' once.`;
    throw signatureFault(
      protocol,
      "incomplete",
      message,
      "the presigned URL names a part of its signature twice",
    );
  }
  const missing = ["Credential", "Signature", "SignedHeaders", "Date"]
    .filter((name) => (query.get(`X-Amz-${name}`) ?? "") === "")
    .map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`);
  if (query.get("X-Amz-Algorithm") !== algorithm || missing.length > 0) {
    const message = missing.length > 0 ? missing.join(" ") : "Unsupported AWS 'algorithm'.";
    throw signatureFault(protocol, "incomplete", message, "the presigned URL lacks parts");
  }
  const [accessKeyId, scope] = credentialScope(query.get("X-Amz-Credential") ?? "", protocol);
  return {
    accessKeyId,
    scope,
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    date: query.get("X-Amz-Date") ?? "",
    token: query.get("X-Amz-Security-Token"),
    in: "query",
    expires: lifetime(query.get("X-Amz-Expires"), protocol),
  };
}

/** Reads the claims of a signature; undefined if the request is not signed at all. */
export function readAuthorization(
  request: WireRequest,
  protocol: AwsProtocol,
): SignedAuthorization | undefined {
  const header = firstHeader(request, "authorization");
  if (header !== undefined) return fromHeader(request, header, protocol);
  const pairs = queryPairs(request.target);
  const signed = pairs.some(([name]) => name === "X-Amz-Algorithm" || name === "X-Amz-Signature");
  return signed ? fromQuery(pairs, protocol) : undefined;
}
