import type { Clock } from "../../../core/base/index.ts";
import {
  type DocumentReading,
  type IssuerBounds,
  type IssuerRoute,
  readIssuer,
  servedDocuments,
} from "../../../issuer/index.ts";
import type { IssuerDocuments } from "../../../rules/judge/index.ts";
import { freshSeconds } from "./freshness.ts";

/** How issuers are remembered. */
export interface CacheLimits {
  /** After a fetch that did not find its kid, how long no kid causes another fetch, in milliseconds. */
  readonly refetchMs: number;
  /** How many issuers are remembered. */
  readonly maxIssuers: number;
}

export const cacheLimits: CacheLimits = {
  refetchMs: 1000,
  maxIssuers: 200,
};

export interface IssuerDocumentsOptions {
  readonly clock: Clock;
  /** How an issuer, by its URL, is reached from here. */
  readonly routeTo: RouteTo;
  readonly limits?: Partial<CacheLimits>;
  /** AWS's by default. */
  readonly bounds?: Partial<IssuerBounds>;
}

/** How an issuer is reached, if not by public DNS and public roots. */
export type RouteTo = (issuer: string) => Promise<Omit<IssuerRoute, "thumbprints">>;

/** The parts of a registered OIDC provider that fetching needs. */
export interface RegisteredIssuer {
  /** Without the scheme, as IAM keeps it. */
  readonly url: string;
  /** SHA-1, 40 hex digits each; used only if no root vouches for the chain. */
  readonly thumbprints: readonly string[];
}

/** The source of an issuer's documents for STS, for a token that names `kid`. It never rejects: a failure is a result too. */
export interface IssuerDocumentSource {
  documents(issuer: RegisteredIssuer, kid: string | undefined): Promise<IssuerDocuments>;
  /** Forgets them all: the next token of each issuer causes a fetch. */
  clear(): void;
}

/** An issuer with other thumbprints is fetched again: another chain may be accepted. */
export function cacheKey({ url, thumbprints }: RegisteredIssuer): string {
  return [url, ...thumbprints].join(" ");
}

interface CachedDocuments {
  readonly documents: IssuerDocuments;
  /** When a kid was last not found, milliseconds since the epoch. */
  missedAt: number;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Milliseconds since the epoch; the earlier expiry of the two documents. */
  readonly freshUntil: number;
}

// A clock that was set back says nothing of a document's age: it is fetched again.
function isFresh({ fetchedAt, freshUntil }: CachedDocuments, now: number): boolean {
  return now >= fetchedAt && now < freshUntil;
}

const never = Number.NEGATIVE_INFINITY;

/** For how many seconds a document may be reused; 0 for a failed fetch. */
export function freshFor(reading: DocumentReading | undefined): number {
  return reading?.outcome === "answered" ? freshSeconds(reading.response.headers) : 0;
}

/** Whether documents hold the key that a token names, or any key if it names none. */
function answers({ documents }: CachedDocuments, kid: string | undefined): boolean {
  if (!documents.ok) return false;
  if (kid === undefined) return true;
  try {
    const { keys } = JSON.parse(documents.jwks) as { keys?: unknown };
    return Array.isArray(keys) && keys.some((key) => (key as { kid?: unknown } | null)?.kid === kid);
  } catch {
    return false;
  }
}

/**
 * The two documents of the registered issuers, fetched over verified TLS and cached as their Cache-Control allows. A
 * kid that is not in the cached set causes a fetch, so that a rotated key is seen at once; after a failed search there
 * is a pause, so that invented kids cannot flood an issuer. Calls during a fetch share its answer.
 */
export class IssuerDocumentCache implements IssuerDocumentSource {
  readonly #clock: Clock;
  readonly #limits: CacheLimits;
  readonly #options: IssuerDocumentsOptions;
  readonly #held = new Map<string, CachedDocuments>();
  readonly #inFlight = new Map<string, Promise<CachedDocuments>>();

  constructor(options: IssuerDocumentsOptions) {
    this.#clock = options.clock;
    this.#options = options;
    this.#limits = { ...cacheLimits, ...options.limits };
  }

  clear(): void {
    this.#held.clear();
  }

  /** A failure is not cached. */
  async documents(issuer: RegisteredIssuer, kid: string | undefined): Promise<IssuerDocuments> {
    const key = cacheKey(issuer);
    const held = this.#held.get(key);
    if (held !== undefined && this.#usable(held, kid)) return held.documents;
    const shared = await this.#inFlight.get(key);
    // A fetch that began before this call may have just missed a new key: that is worth a second one.
    if (shared !== undefined && (!shared.documents.ok || answers(shared, kid))) return shared.documents;
    const found = await (this.#inFlight.get(key) ?? this.#start(key, issuer));
    if (!answers(found, kid)) found.missedAt = this.#clock.now();
    return found.documents;
  }

  #usable(held: CachedDocuments, kid: string | undefined): boolean {
    const now = this.#clock.now();
    if (!isFresh(held, now)) return false;
    return answers(held, kid) || now - held.missedAt < this.#limits.refetchMs;
  }

  #start(key: string, issuer: RegisteredIssuer): Promise<CachedDocuments> {
    const fetching = this.#fetchBoth(issuer)
      .then((fetched) => this.#keep(key, fetched))
      .finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, fetching);
    return fetching;
  }

  // A fetch for an invented kid must not discard what is still fresh for others.
  #keep(key: string, fetched: CachedDocuments): CachedDocuments {
    const before = this.#held.get(key);
    const stillFresh = before !== undefined && isFresh(before, this.#clock.now());
    const held = !fetched.documents.ok && stillFresh ? before : fetched;
    this.#held.delete(key);
    if (!held.documents.ok) return held;
    this.#held.set(key, held);
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.#limits.maxIssuers && oldest !== undefined) this.#held.delete(oldest);
    return held;
  }

  async #fetchBoth({ url, thumbprints }: RegisteredIssuer): Promise<CachedDocuments> {
    const { routeTo, bounds = {} } = this.#options;
    const fetchedAt = this.#clock.now();
    const issuer = `https://${url}`;
    const reading = await readIssuer(issuer, { route: { thumbprints, ...(await routeTo(issuer)) }, bounds });
    const documents = servedDocuments(reading);
    const freshS = documents.ok ? Math.min(freshFor(reading.discovery), freshFor(reading.jwks)) : 0;
    return { documents, missedAt: never, fetchedAt, freshUntil: fetchedAt + freshS * 1000 };
  }
}
