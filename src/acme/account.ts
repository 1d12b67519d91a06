import type { AccountKey } from "./account-key.ts";
import type { Authorization, Challenge, NewOrder, Order } from "./resources.ts";

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
  /** Tells the CA that a challenge is ready to be looked at. */
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
