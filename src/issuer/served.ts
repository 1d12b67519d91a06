import { errorText } from "../core/base/index.ts";
import type { IssuerDocuments } from "../rules/judge/index.ts";
import { type DocumentReading, type IssuerReading, type IssuerRoute, jwksUriOf } from "./read.ts";

type Failure = Extract<IssuerDocuments, { ok: false }>;

/** Why a document is missing, in the words of the rules of STS; undefined for one that came. */
function failureOf(reading: DocumentReading): Failure | undefined {
  const { document: at, url } = reading;
  if (reading.outcome === "failed") {
    const { reason } = reading.error.detail;
    const word = typeof reason === "string" ? reason : "invalid";
    return { ok: false, at, reason: word, detail: errorText(reading.error) };
  }
  const { status, headers } = reading.response;
  if (status === 200) return undefined;
  const where = headers["location"] === undefined ? "" : ` and a redirect, which STS does not follow`;
  return { ok: false, at, reason: "status", detail: `${url} answered ${status}${where}` };
}

function textOf(reading: DocumentReading): string {
  return reading.outcome === "answered" ? reading.response.body.toString("utf8") : "";
}

/** The SHA-1 of each certificate of a server's chain. */
function chainOf({ exchange }: DocumentReading): readonly string[] {
  return exchange.tls?.chain.map(({ sha1 }) => sha1) ?? [];
}

/**
 * A reading as input of the rules of STS: both documents unparsed, or why one of them is missing. `ca`: that CA
 * verified the documents in place of the public roots, so AWS requires a thumbprint.
 */
export function servedDocuments(
  { discovery, jwks }: IssuerReading,
  { ca }: Pick<IssuerRoute, "ca"> = {},
): IssuerDocuments {
  const failure = failureOf(discovery);
  if (failure !== undefined) return failure;
  if (jwks === undefined || jwksUriOf(discovery) === undefined) {
    const detail = "the discovery document is not JSON or names no jwks_uri";
    return { ok: false, at: "discovery", reason: "invalid", detail };
  }
  const unread = failureOf(jwks);
  if (unread !== undefined) return unread;
  const texts = { discovery: textOf(discovery), jwks: textOf(jwks) };
  if (ca === undefined) return { ok: true, ...texts };
  return { ok: true, ...texts, privateChains: [chainOf(discovery), chainOf(jwks)] };
}
