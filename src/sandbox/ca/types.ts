import type { Clock, Logger } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { SandboxClock } from "../clock/index.ts";

export interface StandInCaOptions {
  /**
   * The clock under the one that tests move.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  /**
   * Where it logs.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * Where challenges really connect: name:80 for HTTP-01, name:443 for TLS-ALPN-01.
   *
   * @default where public DNS says
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * TXT records of a name, for DNS-01.
   *
   * @default none: that challenge is not offered
   */
  readonly resolveTxt?: (name: string) => Promise<readonly string[]>;
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * `HOST:PORT` at which clients find it, if something forwards from there to its port of 127.0.0.1.
   *
   * @default 127.0.0.1 and its port
   */
  readonly foundAt?: string;
  /**
   * Life of a certificate of the profile `classic`.
   *
   * @default 7776000, 90 days
   */
  readonly certificateSeconds?: number;
  /**
   * Rejects every n-th nonce although it is valid (badNonce); 0: never.
   *
   * @default 0
   */
  readonly rejectNonceEvery?: number;
  /**
   * Leaves an order `processing` for two polls, as CAs that issue in the background do.
   *
   * @default false
   */
  readonly issuesLater?: boolean;
  /**
   * External accounts by key id, HMAC keys in base64url; if set, an account needs one (RFC 8555 §7.3.4).
   *
   * @default none: an account needs none
   */
  readonly externalAccounts?: Readonly<Record<string, string>>;
}

/** Faults that the CA simulates. */
export type CaFault = CaFailure | CaLie;

interface CaFailure {
  readonly what:
    | "rate-limit" /* 429 */
    | "error" /* 500 */
    | "hang" /* no answer, until the connection is cut after a minute */
    | "nonsense" /* 200 and no JSON */;
  /** Seconds, for 429 and 500. */
  readonly retryAfter?: number;
  /**
   * Only these resources.
   *
   * @default all
   */
  readonly at?: readonly CaResource[];
}

/** An answer as sent; an object becomes JSON. */
export interface CaAnswer {
  readonly status: number;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The work is done, but the answer says something else. */
export interface CaLie {
  readonly what: "lie";
  readonly at: readonly CaResource[];
  lie(answer: CaAnswer): CaAnswer | Promise<CaAnswer>;
}

export type CaResource =
  | "directory"
  | "newNonce"
  | "newAccount"
  | "newOrder"
  | "account"
  | "order"
  | "authorization"
  | "challenge"
  | "finalize"
  | "certificate"
  | "revokeCert"
  | "keyChange"
  | "renewalInfo";

export interface StandInCa extends AsyncDisposable {
  readonly directoryUrl: string;
  /** Of 127.0.0.1, on which it listens. */
  readonly port: number;
  /** PEM of the CA of its own HTTPS. */
  readonly tlsCa: string;
  /** PEM of the root that its certificates lead to. */
  readonly root: string;
  /** The clock by which certificates begin, end and fall due; `advance` moves it. */
  readonly clock: SandboxClock;
  /** URLs of the accounts made so far, oldest first. */
  accounts(): readonly string[];
  /** PEM chains issued so far, oldest first. */
  issued(): readonly string[];
  /** From now on renewalInfo says to renew this certificate (PEM, leaf first) at once, and why. */
  suggestRenewal(certificate: string, explanationUrl?: string): void;
  /** Simulate this fault until a call with undefined ends it. */
  misbehave(fault: CaFault | undefined): void;
  close(): Promise<void>;
}
