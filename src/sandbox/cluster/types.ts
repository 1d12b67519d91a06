import type { Clock, Logger } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { SandboxClock } from "../clock/index.ts";

export type SigningAlgorithm = "RS256" | "ES256";

export interface StandInClusterOptions {
  /** The `iss` of its tokens; if it is no https URL, the two documents are absent as in Kubernetes. */
  readonly issuer: string;
  /**
   * The jwks_uri of its discovery document.
   *
   * @default the issuer + /openid/v1/jwks
   */
  readonly jwksUri?: string;
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
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * Of the first signing key.
   *
   * @default "RS256" (RSA-2048), as kubeadm and k3s make them
   */
  readonly algorithm?: SigningAlgorithm;
  /**
   * Longest token in seconds, as --service-account-max-token-expiration: longer requests are cut to it.
   *
   * @default 4294967296, the longest that Kubernetes takes
   */
  readonly maxTokenSeconds?: number;
  /**
   * Treats clients without a credential as system:anonymous (403), as kubeadm does; else they get 401, as from k3s.
   *
   * @default false
   */
  readonly anonymousAuth?: boolean;
}

/** The role of a signing key: one is `signing`, others are `published` and still verify. */
export interface StandInKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: "signing" | "published";
}

/** The signing keys, moved as kOps does: create, promote, drop. */
export interface StandInKeys {
  list(): readonly StandInKey[];
  /** A new key, published but not yet signing. */
  create(algorithm?: SigningAlgorithm): Promise<StandInKey>;
  /** From now on it signs new tokens; the earlier one stays published. */
  promote(kid: string): void;
  /** Removes it from the JWK Set, so that its tokens no longer verify. The signing key cannot be dropped. */
  drop(kid: string): void;
}

/** The content of a forged token; absent members are as in TokenRequest. */
export interface ForgedToken {
  /** Of a ServiceAccount, with its name. Without both, `claims` decide whose the token is: `sub` first. */
  readonly namespace?: string;
  readonly name?: string;
  readonly audiences?: readonly string[];
  /**
   * Seconds since the epoch.
   *
   * @default now
   */
  readonly issuedAt?: number;
  /**
   * Lifetime in seconds, negative for a token that expired before it was issued.
   *
   * @default 3600
   */
  readonly expirationSeconds?: number;
  /**
   * Signed by the cluster's signing key, one of its published keys by kid, or an unknown key (with the signing key's
   * kid).
   */
  readonly signedBy?: "cluster" | "foreign-key" | { readonly kid: string };
  /** Claims that override the default ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header fields that override the default ones; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Faults that the API server simulates, for tests of its clients. */
export type ClusterFault =
  | "gone" /* connections are cut at once */
  | "hang" /* no answer, until the connection is cut after a minute */
  | "error" /* 500 */
  | "forbidden" /* 403 for the two documents */
  | "starting" /* 403 for everything, and not ready: the roles are not read yet */
  | "empty-jwks"
  | "truncated"
  | "wrong-issuer"
  | "nonsense"
  | "split"; /* every other connection reaches an API server that does not know the newest key yet */

/** A token as TokenRequest issues it. */
export interface TokenSpec {
  readonly namespace: string;
  /** The ServiceAccount's. */
  readonly name: string;
  /**
   * The token's audiences; AWS wants `sts.amazonaws.com`.
   *
   * @default the API server itself
   */
  readonly audiences?: readonly string[];
  /**
   * 600 or more.
   *
   * @default 3600
   */
  readonly expirationSeconds?: number;
}

/** Faults that an issuer simulates. */
export type IssuerFault =
  | "slow" /* it answers after ten seconds; AWS waits for five */
  | "not-found" /* 404 for both documents */
  | "wrong-issuer" /* the discovery document names another issuer */
  | "key-gone"; /* the JWK Set holds another key than the one that signs */

/** A cluster's two documents, served under the issuer's own name. */
export interface StandInIssuer extends AsyncDisposable {
  /** The `iss` of its tokens. */
  readonly url: string;
  /** PEM of the root that its certificate leads to. */
  readonly ca: string;
  /** In place of public DNS: where it listens. */
  readonly connectTo: readonly ConnectTo[];
  /** Fail in this way until a call with undefined ends it. */
  fail(fault: IssuerFault | undefined): void;
  close(): Promise<void>;
}

export interface StandInCluster extends AsyncDisposable {
  /** https://127.0.0.1:PORT */
  readonly url: string;
  /** PEM of the CA of its own HTTPS. */
  readonly ca: string;
  readonly issuer: string;
  /** The clock by which tokens begin and end; `advance` moves it. */
  readonly clock: SandboxClock;
  readonly keys: StandInKeys;
  /** A kubeconfig: the admin's (client certificate), or one of a user that may only read the two documents. */
  kubeconfig(user?: "admin" | "publisher"): string;
  /** Creates a ServiceAccount, and its namespace if that does not exist. */
  addServiceAccount(namespace: string, name: string): void;
  /**
   * A token as TokenRequest issues it; creates the ServiceAccount if it does not exist. Throws `usage` for what
   * TokenRequest refuses.
   */
  createToken(spec: TokenSpec): string;
  /** Serves the two documents to any client, over TLS, under the issuer's own name and a root of its own. */
  serveIssuer(): Promise<StandInIssuer>;
  /** A token that TokenRequest would never issue: expired, foreign, for any subject. For demonstrations and tests. */
  forgeToken(forged: ForgedToken): string;
  /** Simulate this fault until a call with undefined ends it. */
  misbehave(fault: ClusterFault | undefined): void;
  close(): Promise<void>;
}
