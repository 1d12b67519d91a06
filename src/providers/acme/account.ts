import { X509Certificate } from "node:crypto";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { type AccountKey, type RequestSigner, signRequest } from "./account-key.ts";
import { alternateLinks, answerInvalid, isCaUrl, retryAfterMs } from "./answer.ts";
import { identifiersOf } from "./names.ts";
import {
  type Authorization,
  type Challenge,
  type NewOrder,
  type Order,
  readAuthorization,
  readOrder,
} from "./order.ts";
import { poll } from "./poll.ts";
import { AcmeProblem } from "./problem.ts";
import type { PostOptions, AcmeSession } from "./session.ts";

/** RFC 5280 §5.3.1, those that a subscriber may give. */
export type RevocationReason =
  | "unspecified"
  | "keyCompromise"
  | "affiliationChanged"
  | "superseded"
  | "cessationOfOperation";

/** A signed-on account at a CA. Every method throws PodtrustError: `acme-*`, `http-*`, `deadline-exceeded`. */
export interface AcmeAccount {
  /** The account's URL: what `accounturi` of a CAA record names (RFC 8657). */
  readonly uri: string;
  readonly key: AccountKey;
  newOrder(order: NewOrder, signal?: AbortSignal): Promise<Order>;
  order(url: string, signal?: AbortSignal): Promise<Order>;
  authorization(url: string, signal?: AbortSignal): Promise<Authorization>;
  /** Asks the CA to validate a challenge. */
  respond(challenge: Challenge, signal?: AbortSignal): Promise<void>;
  deactivateAuthorization(url: string, signal?: AbortSignal): Promise<void>;
  /** `csr` in DER. */
  finalize(order: Order, csr: Uint8Array, signal?: AbortSignal): Promise<Order>;
  /** Polls, keeping to Retry-After, until `done` or the deadline (milliseconds from now). */
  waitForOrder(order: Order, done: (order: Order) => boolean, signal?: AbortSignal): Promise<Order>;
  waitForAuthorization(url: string, signal?: AbortSignal): Promise<Authorization>;
  /** The PEM chain, leaf first, and the addresses of alternate chains. */
  certificate(
    url: string,
    signal?: AbortSignal,
  ): Promise<{ readonly chain: string; readonly alternates: readonly string[] }>;
  /** Revokes a certificate (PEM, leaf first) that this account ordered. */
  revoke(certificate: string, reason?: RevocationReason, signal?: AbortSignal): Promise<void>;
  /** Gives the account another key (RFC 8555 §7.3.5); `this` is of no use afterwards. */
  changeKey(key: AccountKey, signal?: AbortSignal): Promise<AcmeAccount>;
  deactivate(signal?: AbortSignal): Promise<void>;
}

const decisionMs = 300_000;
const chainType = "application/pem-certificate-chain";
const reasons: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
};

/** The URL of what a request created. */
export function locationOf(url: string, response: HttpResponse): string {
  const location = response.headers["location"];
  if (location === undefined || !isCaUrl(location)) throw answerInvalid(url, "it gave no https Location");
  return location;
}

/** An account over a session. */
export class SignedAccount implements AcmeAccount {
  readonly uri: string;
  readonly key: AccountKey;
  readonly #session: AcmeSession;

  constructor(session: AcmeSession, key: AccountKey, uri: string) {
    this.#session = session;
    this.key = key;
    this.uri = uri;
  }

  /** The session, for callers that need the CA's directory as well as the account. */
  get session(): AcmeSession {
    return this.#session;
  }

  async newOrder(order: NewOrder, signal?: AbortSignal): Promise<Order> {
    const { newOrder } = await this.#session.directory(signal);
    const payload = {
      identifiers: identifiersOf(order.names),
      ...defined({ profile: order.profile, replaces: order.replaces }),
    };
    const response = await this.#post(newOrder, payload, { signal });
    return readOrder(locationOf(newOrder, response), response);
  }

  async order(url: string, signal?: AbortSignal): Promise<Order> {
    return readOrder(url, await this.#post(url, undefined, { signal }));
  }

  async authorization(url: string, signal?: AbortSignal): Promise<Authorization> {
    return readAuthorization(url, await this.#post(url, undefined, { signal }));
  }

  async respond(challenge: Challenge, signal?: AbortSignal): Promise<void> {
    await this.#post(challenge.url, {}, { signal });
  }

  async deactivateAuthorization(url: string, signal?: AbortSignal): Promise<void> {
    await this.#post(url, { status: "deactivated" }, { signal });
  }

  async finalize(order: Order, csr: Uint8Array, signal?: AbortSignal): Promise<Order> {
    const payload = { csr: Buffer.from(csr).toString("base64url") };
    return readOrder(order.url, await this.#post(order.finalize, payload, { signal }));
  }

  async waitForOrder(order: Order, done: (order: Order) => boolean, signal?: AbortSignal): Promise<Order> {
    const names = order.identifiers.map((one) => one.value).join(", ");
    const decided = (seen: Order): boolean => done(seen) || seen.status === "invalid";
    if (decided(order)) return this.#checkedOrder(order, names);
    const last = await poll({
      what: `the order for ${names}`,
      ...this.#polling(signal),
      read: async () => {
        const response = await this.#post(order.url, undefined, { signal });
        return { value: readOrder(order.url, response), retryAfterMs: this.#retryAfter(response) };
      },
      done: decided,
    });
    return this.#checkedOrder(last, names);
  }

  async waitForAuthorization(url: string, signal?: AbortSignal): Promise<Authorization> {
    return poll({
      what: "the CA's look at a challenge",
      ...this.#polling(signal),
      read: async () => {
        const response = await this.#post(url, undefined, { signal });
        return { value: readAuthorization(url, response), retryAfterMs: this.#retryAfter(response) };
      },
      done: (seen) => seen.status !== "pending",
    });
  }

  async certificate(
    url: string,
    signal?: AbortSignal,
  ): Promise<{ readonly chain: string; readonly alternates: readonly string[] }> {
    const response = await this.#post(url, undefined, { signal, accept: chainType });
    const type = response.headers["content-type"]?.split(";")[0]?.trim();
    if (type !== chainType) throw answerInvalid(url, `the certificate came as ${type ?? "nothing"}`);
    return {
      chain: response.body.toString("latin1"),
      alternates: alternateLinks(response.headers["link"], url),
    };
  }

  async revoke(
    certificate: string,
    reason: RevocationReason = "unspecified",
    signal?: AbortSignal,
  ): Promise<void> {
    const { revokeCert } = await this.#session.directory(signal);
    const der = new X509Certificate(certificate).raw.toString("base64url");
    await this.#post(revokeCert, { certificate: der, reason: reasons[reason] }, { signal });
  }

  async changeKey(key: AccountKey, signal?: AbortSignal): Promise<AcmeAccount> {
    const { keyChange } = await this.#session.directory(signal);
    if (keyChange === undefined) {
      throw new PodtrustError("acme-refused", `${this.#session.directoryUrl}: the CA changes no keys`, {
        next: "Make a new account.",
      });
    }
    const inner = signRequest({ key }, { url: keyChange }, { account: this.uri, oldKey: this.key.jwk });
    await this.#post(keyChange, inner, { signal });
    return new SignedAccount(this.#session, key, this.uri);
  }

  async deactivate(signal?: AbortSignal): Promise<void> {
    await this.#post(this.uri, { status: "deactivated" }, { signal });
  }

  #post(url: string, payload: object | undefined, options: PostOptions): Promise<HttpResponse> {
    const signer: RequestSigner = { key: this.key, kid: this.uri };
    return this.#session.post(url, signer, payload, options);
  }

  #polling(signal: AbortSignal | undefined) {
    const { options } = this.#session;
    return { clock: options.clock, deadlineMs: options.decisionMs ?? decisionMs, signal };
  }

  #retryAfter(response: HttpResponse): number | undefined {
    return retryAfterMs(response.headers, this.#session.options.clock.now());
  }

  #checkedOrder(order: Order, names: string): Order {
    if (order.status !== "invalid") return order;
    throw new AcmeProblem(order.error, { url: order.url, about: `the order for ${names} is invalid` });
  }
}
