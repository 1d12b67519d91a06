import { type Clock, SharedWork } from "../../core/base/index.ts";
import { type IssuerRoute, jwksUriOf, readDocument, servedDocuments } from "../../issuer/index.ts";
import { type IssuerDocuments, jwkEntries } from "../../rules/judge/index.ts";
import { discoveryUrlOf } from "../../rules/oidc/index.ts";

/** How an issuer is reached, if not by public DNS and public roots. */
export type RouteToIssuer = (issuer: string) => Promise<IssuerRoute>;

export interface IssuerSourceOptions {
  readonly clock: Clock;
  readonly routeTo: RouteToIssuer;
  /** How long documents are used, in milliseconds. */
  readonly cacheMs: number;
  /** The age from which an unknown kid causes a new fetch. */
  readonly newKeyMs: number;
}

/** An issuer as a provider names it. */
export interface ProviderIssuer {
  readonly issuerUri: string;
  readonly discoveryUri?: string;
}

interface Kept {
  readonly documents: IssuerDocuments;
  /** Milliseconds of the clock's `now`. */
  readonly fetchedAt: number;
}

/** The most issuers remembered; the oldest makes room. */
const maxIssuers = 200;

function hasKey(documents: IssuerDocuments, kid: string | undefined): boolean {
  if (!documents.ok || kid === undefined) return true;
  const keys = jwkEntries(documents.jwks);
  return typeof keys === "string" || keys.some((key) => key["kid"] === kid);
}

/**
 * The documents of issuers whose keys were not uploaded. They are cached for long, regardless of Cache-Control, so that
 * a removed key is still accepted. A failure is not cached.
 */
export class GoogleIssuerSource {
  readonly #options: IssuerSourceOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, SharedWork<Kept>>();
  #forgotten = 0;

  constructor(options: IssuerSourceOptions) {
    this.#options = options;
  }

  /** What the issuer serves, for a token that names `kid`. Rejects only with the signal's reason. */
  async documents(
    wanted: ProviderIssuer,
    kid: string | undefined,
    signal: AbortSignal,
  ): Promise<IssuerDocuments> {
    const key = `${wanted.issuerUri} ${wanted.discoveryUri ?? ""}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#isUsed(kept, kid)) return kept.documents;
    const work = SharedWork.again(this.#reading.get(key), async (ending) => {
      const before = this.#forgotten;
      const read = await this.#read(wanted, ending);
      // A fetch that was running when everything was forgotten is not cached.
      if (before === this.#forgotten) this.#keep(key, read);
      return read;
    });
    this.#reading.set(key, work);
    return (await work.wait(signal).finally(() => this.#reading.delete(key))).documents;
  }

  /** Makes all of them be fetched again. */
  forget(): void {
    this.#forgotten += 1;
    this.#kept.clear();
    this.#reading.clear();
  }

  #isUsed({ documents, fetchedAt }: Kept, kid: string | undefined): boolean {
    const { clock, cacheMs, newKeyMs } = this.#options;
    const age = clock.now() - fetchedAt;
    // A clock that was set back says nothing of their age.
    if (age < 0 || age >= cacheMs) return false;
    return hasKey(documents, kid) || age < newKeyMs;
  }

  #keep(key: string, read: Kept): void {
    if (!read.documents.ok) return;
    this.#kept.delete(key);
    this.#kept.set(key, read);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxIssuers && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #read({ issuerUri, discoveryUri }: ProviderIssuer, signal: AbortSignal): Promise<Kept> {
    const fetchedAt = this.#options.clock.now();
    const options = { route: await this.#options.routeTo(issuerUri), signal };
    const discovery = await readDocument("discovery", discoveryUri ?? discoveryUrlOf(issuerUri), options);
    const uri = jwksUriOf(discovery);
    const reading = { issuer: issuerUri, discovery };
    if (uri === undefined) return { documents: servedDocuments(reading), fetchedAt };
    const jwks = await readDocument("jwks", uri, options);
    return { documents: servedDocuments({ ...reading, jwks }), fetchedAt };
  }
}
