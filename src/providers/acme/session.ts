import { type Clock, defined, type Logger, silentLogger } from "../../core/base/index.ts";
import { type ConnectTo, type HttpOptions, type HttpResponse, request } from "../../core/http/index.ts";
import { type RequestSigner, signRequest } from "./account-key.ts";
import { answerInvalid, isLoopbackHttp } from "./answer.ts";
import { checkDirectoryUrl, type Directory, originsOf, readDirectory } from "./directory.ts";
import { problemOf } from "./problem.ts";

export interface AcmeClientOptions {
  /** The CA's directory URL: https, or http on loopback. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** PEM roots for the CA's own HTTPS, in place of the public roots. */
  readonly ca?: string | readonly string[];
  readonly connectTo?: readonly ConnectTo[];
  /** Milliseconds for one exchange; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds for the CA to decide an authorization or an order; 300,000 by default. */
  readonly decisionMs?: number;
}

// A CA's nonces expire; more than a few are never used before that.
const maxKept = 8;
const shape = /^[A-Za-z0-9_-]{1,512}$/u;

/** Nonces that the CA's answers brought, the freshest first (RFC 8555 §6.5). */
export class Nonces {
  readonly #kept: string[] = [];

  /** Keeps the nonce of an answer, where it has a legal one. */
  keep(headers: Readonly<Record<string, string>>): void {
    const nonce = headers["replay-nonce"];
    if (nonce === undefined || !shape.test(nonce)) return;
    this.#kept.push(nonce);
    if (this.#kept.length > maxKept) this.#kept.shift();
  }

  /** A nonce, which is then used up. */
  take(): string | undefined {
    return this.#kept.pop();
  }
}

// A directory rarely changes; a long-running process notices within the hour when it does.
const directoryLife = 3_600_000;
// Pebble rejects up to half of all nonces on purpose; twenty-one in a row are one in two million then.
const maxBadNonces = 20;
const maxBytes = 256 * 1024;

export interface PostOptions {
  readonly signal?: AbortSignal | undefined;
  readonly accept?: string;
}

/** The exchanges with one CA: directory, nonces, signed requests, problems. */
export class AcmeSession {
  readonly directoryUrl: string;
  readonly options: AcmeClientOptions;
  readonly logger: Logger;
  readonly #nonces = new Nonces();
  /** `until`: in milliseconds of `clock.elapsed()`. */
  #directory: { readonly value: Directory; readonly until: number } | undefined;
  #origins: ReadonlySet<string> = new Set();
  #clockOffset: number | undefined;

  constructor(options: AcmeClientOptions) {
    checkDirectoryUrl(options.directory);
    this.directoryUrl = options.directory;
    this.options = options;
    this.logger = (options.logger ?? silentLogger).child({ ca: options.directory });
  }

  get clockOffset(): number | undefined {
    return this.#clockOffset;
  }

  async directory(signal?: AbortSignal): Promise<Directory> {
    const now = this.options.clock.elapsed();
    if (this.#directory !== undefined && this.#directory.until > now) return this.#directory.value;
    const response = await this.#read(this.directoryUrl, signal);
    const value = readDirectory(this.directoryUrl, response);
    this.#directory = { value, until: now + directoryLife };
    this.#origins = originsOf(this.directoryUrl, value);
    return value;
  }

  /** An unsigned GET. Throws AcmeProblem for any status but 200, `acme-answer-invalid` for a URL of another origin. */
  async get(url: string, signal?: AbortSignal): Promise<HttpResponse> {
    await this.#checkOrigin(url, signal);
    return this.#read(url, signal);
  }

  /**
   * A signed POST, or POST-as-GET without `payload`. A rejected nonce is replaced; other problems are thrown, and
   * `acme-answer-invalid` for a URL of another origin than the CA's.
   */
  async post(
    url: string,
    signer: RequestSigner,
    payload: object | undefined,
    options: PostOptions = {},
  ): Promise<HttpResponse> {
    await this.#checkOrigin(url, options.signal);
    for (let rejected = 0; ; rejected += 1) {
      const nonce = await this.#nonce(options.signal);
      const response = await this.#exchange(url, {
        method: "POST",
        headers: {
          "content-type": "application/jose+json",
          ...defined({ accept: options.accept }),
        },
        body: JSON.stringify(signRequest(signer, { url, nonce }, payload)),
        ...defined({ signal: options.signal }),
      });
      if (response.status >= 200 && response.status < 300) return response;
      const problem = problemOf(url, response, this.options.clock.now());
      if (!problem.is("badNonce") || rejected >= maxBadNonces) throw problem;
      this.logger.debug("nonce rejected", { url, rejected: rejected + 1 });
    }
  }

  async #read(url: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const response = await this.#exchange(url, defined({ signal }));
    if (response.status !== 200) throw problemOf(url, response, this.options.clock.now());
    return response;
  }

  async #checkOrigin(url: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#origins.size === 0) await this.directory(signal);
    if (URL.canParse(url) && this.#origins.has(new URL(url).origin)) return;
    const origins = [...this.#origins].join(", ");
    throw answerInvalid(url, `the CA names an address that is none of its own (${origins})`);
  }

  async #nonce(signal: AbortSignal | undefined): Promise<string> {
    const kept = this.#nonces.take();
    if (kept !== undefined) return kept;
    const { newNonce } = await this.directory(signal);
    const response = await this.#exchange(newNonce, {
      method: "HEAD",
      ...defined({ signal }),
    });
    if (response.status >= 400) throw problemOf(newNonce, response, this.options.clock.now());
    const fresh = this.#nonces.take();
    if (fresh === undefined) throw answerInvalid(newNonce, "it gave no nonce");
    return fresh;
  }

  async #exchange(url: string, options: HttpOptions): Promise<HttpResponse> {
    const { ca, connectTo, timeoutMs } = this.options;
    const response = await request(url, {
      timeoutMs: timeoutMs ?? 30_000,
      maxBytes,
      ...defined({ ca, connectTo }),
      // The CA's URLs may be plain only where the operator's own is: on loopback.
      ...(isLoopbackHttp(this.directoryUrl) && isLoopbackHttp(url) ? { allowPlainHttp: true } : {}),
      ...options,
      headers: { "user-agent": "podtrust", "accept-language": "en", ...options.headers },
    });
    this.#nonces.keep(response.headers);
    const sent = Date.parse(response.headers["date"] ?? "");
    if (!Number.isNaN(sent)) this.#clockOffset = sent - this.options.clock.now();
    return response;
  }
}
