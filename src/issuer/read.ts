import { asPodtrustError, defined, type PodtrustError } from "../core/base/index.ts";
import {
  type ConnectTo,
  type ExchangeTrace,
  ExchangeObserver,
  type HttpOptions,
  type HttpResponse,
  type MayConnect,
  request,
} from "../core/http/index.ts";
import { discoveryUrlOf, type DocumentName } from "../rules/oidc/index.ts";
import { awsBounds, type IssuerBounds } from "./bounds.ts";

/** How an issuer is reached from here, if not by public DNS and public roots. */
export interface IssuerRoute {
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates that verify the issuer's chain in place of the public roots. */
  readonly ca?: string;
  /** SHA-1 in hex: a chain without a public root is accepted if it holds one of them, as in IAM. */
  readonly thumbprints?: readonly string[];
  /** Which addresses may be asked; all by default. */
  readonly mayConnect?: MayConnect;
}

/** One document of an issuer: what was seen of the exchange, and the answer or why there is none. */
export type DocumentReading = {
  readonly document: DocumentName;
  readonly url: string;
  readonly exchange: ExchangeTrace;
} & (
  | { readonly outcome: "answered"; readonly response: HttpResponse }
  /** `error.detail` has `reason` in one word of src/core/http, and the system's code as `cause`. */
  | { readonly outcome: "failed"; readonly error: PodtrustError }
);

/** Both documents of an issuer, as they were served. */
export interface IssuerReading {
  readonly issuer: string;
  readonly discovery: DocumentReading;
  /** Absent if the discovery document does not name it. */
  readonly jwks?: DocumentReading;
}

export interface ReadOptions {
  readonly route?: IssuerRoute;
  readonly signal?: AbortSignal;
  /** `awsBounds` by default. */
  readonly bounds?: Partial<IssuerBounds>;
  /** Where to look for the JWK Set if the discovery document does not say; AWS would not look at all. */
  readonly orElse?: string;
}

function requestOptions(options: ReadOptions, document: DocumentName): HttpOptions {
  const { route = {}, signal } = options;
  const { timeoutMs, discoveryBytes, jwksBytes } = { ...awsBounds, ...options.bounds };
  return {
    ...route,
    timeoutMs,
    maxBytes: document === "discovery" ? discoveryBytes : jwksBytes,
    headers: { accept: "application/json" },
    ...defined({ signal }),
  };
}

/** Reads one document; what fails is part of the reading. Throws only the signal's reason. */
export async function readDocument(
  document: DocumentName,
  url: string,
  options: ReadOptions,
): Promise<DocumentReading> {
  const observer = new ExchangeObserver();
  try {
    const response = await request(url, { ...requestOptions(options, document), observer });
    return { document, url, exchange: observer.facts, outcome: "answered", response };
  } catch (thrown) {
    options.signal?.throwIfAborted();
    return { document, url, exchange: observer.facts, outcome: "failed", error: asPodtrustError(thrown) };
  }
}

/** The jwks_uri of a discovery document, however wrong the rest of it is. */
export function jwksUriOf(reading: DocumentReading): string | undefined {
  if (reading.outcome === "failed" || reading.response.status !== 200) return undefined;
  try {
    const document: unknown = JSON.parse(reading.response.body.toString("utf8"));
    const uri = (document as { jwks_uri?: unknown } | null)?.jwks_uri;
    return typeof uri === "string" ? uri : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads discovery document and JWK Set by the issuer's name, as AWS does: over verified HTTPS, within AWS's bounds,
 * following no redirect. What fails is part of the reading; throws only the signal's reason.
 */
export async function readIssuer(issuer: string, options: ReadOptions = {}): Promise<IssuerReading> {
  const discovery = await readDocument("discovery", discoveryUrlOf(issuer), options);
  const uri = jwksUriOf(discovery) ?? options.orElse;
  if (uri === undefined) return { issuer, discovery };
  return { issuer, discovery, jwks: await readDocument("jwks", uri, options) };
}
