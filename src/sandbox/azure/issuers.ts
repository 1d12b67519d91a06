import type { Clock } from "../../core/base/index.ts";
import { type IssuerRoute, readIssuer, servedDocuments } from "../../issuer/index.ts";
import type { IssuerDocuments } from "../../rules/judge/index.ts";

export interface KnownIssuersOptions {
  readonly clock: Clock;
  /** How an issuer is reached, if not by public DNS and public roots. */
  readonly routeTo: (issuer: string) => Promise<Omit<IssuerRoute, "thumbprints">>;
  /** How long Entra knows no key of an issuer that it has just met, in milliseconds. */
  readonly delayMs: number;
  /** How long it caches what it has fetched, in any case, in milliseconds. */
  readonly keepMs: number;
}

interface Met {
  readonly documents: Extract<IssuerDocuments, { ok: true }>;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** When its keys become known. */
  knownFrom: number;
}

/** How many issuers are remembered. */
const maxIssuers = 200;

/**
 * Entra's cache of issuers. It has no key of a new issuer for a while, and caches what it has: a key added to the set
 * is unknown until the next fetch. A failure is not cached.
 */
export class KnownIssuers {
  readonly #options: KnownIssuersOptions;
  #met = new Map<string, Met>();
  #inFlight = new Map<string, Promise<IssuerDocuments>>();

  constructor(options: KnownIssuersOptions) {
    this.#options = options;
  }

  /** A running fetch is not cached either: it may have read the earlier state. */
  clear(): void {
    this.#met = new Map();
    this.#inFlight = new Map();
  }

  /** The keys of every issuer met so far are known from now on, and fetched again. */
  spread(): void {
    for (const [issuer, met] of this.#met)
      this.#met.set(issuer, { ...met, fetchedAt: -Infinity, knownFrom: -Infinity });
  }

  /** What Entra knows now; it never rejects. */
  async documents(issuer: string): Promise<IssuerDocuments> {
    const now = this.#options.clock.now();
    const met = this.#met.get(issuer);
    if (met !== undefined && now >= met.fetchedAt && now - met.fetchedAt < this.#options.keepMs)
      return this.#seen(met);
    const inFlight = this.#inFlight;
    const shared = inFlight.get(issuer) ?? this.#fetch(issuer).finally(() => inFlight.delete(issuer));
    inFlight.set(issuer, shared);
    return shared;
  }

  async #fetch(issuer: string): Promise<IssuerDocuments> {
    const { clock, routeTo, delayMs } = this.#options;
    const [met, before] = [this.#met, this.#met.get(issuer)];
    const fetchedAt = clock.now();
    const route = await routeTo(issuer);
    const documents = servedDocuments(await readIssuer(issuer, { route }));
    if (!documents.ok) return documents;
    const now = { documents, fetchedAt, knownFrom: before?.knownFrom ?? fetchedAt + delayMs };
    met.delete(issuer);
    met.set(issuer, now);
    const [oldest] = met.keys();
    if (met.size > maxIssuers && oldest !== undefined) met.delete(oldest);
    return this.#seen(now);
  }

  #seen({ documents, knownFrom }: Met): IssuerDocuments {
    if (this.#options.clock.now() >= knownFrom) return documents;
    return { ...documents, jwks: '{"keys":[]}' };
  }
}
