import type { Clock } from "../../../core/base/index.ts";
import { defined } from "../../../core/base/index.ts";
import {
  type DocumentReading,
  jwksUriOf,
  readDocument,
  type ReadOptions,
  servedDocuments,
} from "../../../issuer/index.ts";
import { discoveryUrlOf, type DocumentName } from "../../../rules/oidc/index.ts";
import type { IssuerDocuments } from "../../../rules/judge/index.ts";
import {
  cacheKey,
  cacheLimits,
  freshFor,
  type IssuerDocumentsOptions,
  type IssuerDocumentSource,
  type RegisteredIssuer,
} from "./issuer-documents.ts";

/** One document, and how long it is not fetched again, in milliseconds since the epoch. */
interface KeptDocument {
  readonly reading: DocumentReading;
  readonly since: number;
  readonly until: number;
}

type KeptPair = Readonly<Partial<Record<DocumentName, KeptDocument>>>;

/** The cache, and how to fetch. */
interface DocumentRequest {
  readonly before: KeptPair;
  readonly options: ReadOptions;
}

/** A document is cached for twice its lifetime. */
const lifetimes = 2;

function kept(reading: DocumentReading, since: number): KeptDocument {
  return { reading, since, until: since + lifetimes * freshFor(reading) * 1000 };
}

/**
 * The documents of the registered issuers, as the most patient relying party caches them: each document for twice its
 * Cache-Control lifetime. Meanwhile it fetches nothing, not even for an unknown kid. After a key rotation without every
 * wait, tokens are refused. A failed fetch is not cached.
 */
export class KeptIssuerDocuments implements IssuerDocumentSource {
  readonly #clock: Clock;
  readonly #options: IssuerDocumentsOptions;
  readonly #maxIssuers: number;
  #held = new Map<string, KeptPair>();
  #inFlight = new Map<string, Promise<IssuerDocuments>>();

  constructor(options: IssuerDocumentsOptions) {
    this.#clock = options.clock;
    this.#options = options;
    this.#maxIssuers = { ...cacheLimits, ...options.limits }.maxIssuers;
  }

  /** A running fetch is not cached either: it may have read the earlier state. */
  clear(): void {
    this.#held = new Map();
    this.#inFlight = new Map();
  }

  documents(issuer: RegisteredIssuer): Promise<IssuerDocuments> {
    const key = cacheKey(issuer);
    const inFlight = this.#inFlight;
    const shared = inFlight.get(key);
    if (shared !== undefined) return shared;
    const reading = this.#read(key, issuer).finally(() => inFlight.delete(key));
    inFlight.set(key, reading);
    return reading;
  }

  async #read(key: string, { url, thumbprints }: RegisteredIssuer): Promise<IssuerDocuments> {
    const held = this.#held;
    const { routeTo, bounds = {} } = this.#options;
    const issuer = `https://${url}`;
    const options = { route: { thumbprints, ...(await routeTo(issuer)) }, bounds };
    const pair = await this.#pair(issuer, { before: held.get(key) ?? {}, options });
    const documents = servedDocuments({
      issuer,
      discovery: pair.discovery.reading,
      ...defined({ jwks: pair.jwks?.reading }),
    });
    if (documents.ok) this.#keep(held, key, pair);
    return documents;
  }

  async #pair(
    issuer: string,
    request: DocumentRequest,
  ): Promise<KeptPair & Required<Pick<KeptPair, "discovery">>> {
    const discovery = await this.#document("discovery", discoveryUrlOf(issuer), request);
    const uri = jwksUriOf(discovery.reading);
    return uri === undefined
      ? { discovery }
      : { discovery, jwks: await this.#document("jwks", uri, request) };
  }

  async #document(
    name: DocumentName,
    url: string,
    { before, options }: DocumentRequest,
  ): Promise<KeptDocument> {
    const now = this.#clock.now();
    const there = before[name];
    if (there?.reading.url === url && now >= there.since && now < there.until) return there;
    return kept(await readDocument(name, url, options), now);
  }

  #keep(held: Map<string, KeptPair>, key: string, pair: KeptPair): void {
    held.delete(key);
    held.set(key, pair);
    const [oldest] = held.keys();
    if (held.size > this.#maxIssuers && oldest !== undefined) held.delete(oldest);
  }
}
