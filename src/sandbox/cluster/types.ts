import type { Clock, Logger } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { SandboxClock } from "../clock/index.ts";

export type SigningAlgorithm = "RS256" | "ES256";

export interface StandInClusterOptions {
  /** The `iss` of its tokens; an https URL, else the two documents are absent as in Kubernetes. */
  readonly issuer: string;
  /**
   * What its discovery document says.
   *
   * @default the issuer + /openid/v1/jwks
   */
  readonly jwksUri?: string;
  /**
   * The clock beneath the one that tests move.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
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
  /** Longest token in seconds, as --service-account-max-token-expiration: longer requests are cut to it. */
  readonly maxTokenSeconds?: number;
  /**
   * Lets who has no credential be system:anonymous (403), as kubeadm does; else they get 401, as from k3s.
   *
   * @default false
   */
  readonly anonymousAuth?: boolean;
}

/** Where a signing key stands: one is `signing`, others are `published` and still verify. */
export interface StandInKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: "signing" | "published";
}

/** The signing keys, moved as kOps does: create, promote, drop. */
export interface StandInKeys {
  list(): readonly StandInKey[];
  /** A new key, published and not yet signing. */
  create(algorithm?: SigningAlgorithm): Promise<StandInKey>;
  /** From now on new tokens are signed by it; the earlier one stays published. */
  promote(kid: string): void;
  /** Takes it out of the JWK Set, and its tokens verify no longer. The signing key cannot be dropped. */
  drop(kid: string): void;
}

/** What a forged token says; all that is absent is as TokenRequest would have it. */
export interface ForgedToken {
  /** Of a ServiceAccount, with its name. Without both, the token is of what `claims` say: `sub` first. */
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
   * Seconds of life, negative for one that ended before it began.
   *
   * @default 3600
   */
  readonly expirationSeconds?: number;
  /** By the cluster's own signing key, one of its published keys by kid, or a key of nobody's (with the signing key's kid). */
  readonly signedBy?: "cluster" | "foreign-key" | { readonly kid: string };
  /** Claims set over the default ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header fields set over the default ones; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** What the API server does wrong on purpose, for tests of those who read it. */
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

/** A token as TokenRequest gives it. */
export interface TokenSpec {
  readonly namespace: string;
  /** The ServiceAccount's. */
  readonly name: string;
  /**
   * Whom the token is for; AWS wants `sts.amazonaws.com`.
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

/** What an issuer does wrong on purpose. */
export type IssuerFault =
  | "slow" /* it answers after ten seconds; AWS waits for five */
  | "not-found" /* 404 for both documents */
  | "wrong-issuer" /* the discovery document names somebody else */
  | "key-gone"; /* the JWK Set holds another key than the one that signs */

/** A cluster's two documents, served under the issuer's own name. */
export interface StandInIssuer extends AsyncDisposable {
  /** Tokens say it in `iss`. */
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
  /** By it tokens begin and end; `advance` moves it. */
  readonly clock: SandboxClock;
  readonly keys: StandInKeys;
  /** A kubeconfig: of the admin (client certificate), or of a user that may read the two documents only. */
  kubeconfig(user?: "admin" | "publisher"): string;
  /** Makes a ServiceAccount, and its namespace where that is absent. */
  addServiceAccount(namespace: string, name: string): void;
  /** A token as TokenRequest gives it; makes the ServiceAccount where it is absent. Throws `usage` for what TokenRequest refuses. */
  createToken(spec: TokenSpec): string;
  /** Serves the two documents to anybody, over TLS, under the issuer's own name and a root of its own. */
  serveIssuer(): Promise<StandInIssuer>;
  /** A token that TokenRequest would never give: expired, foreign, for whom you like. For demonstrations and tests. */
  forgeToken(forged: ForgedToken): string;
  /** Misbehave until a call with undefined ends it. */
  misbehave(fault: ClusterFault | undefined): void;
  close(): Promise<void>;
}
