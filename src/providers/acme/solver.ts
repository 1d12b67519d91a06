import { createHash } from "node:crypto";

/**
 * A name that a certificate is requested for. `value` of `dns`: lower case, A-labels; of `ip`: RFC 5952 form (RFC
 * 8738).
 */
export interface Identifier {
  readonly type: "dns" | "ip";
  readonly value: string;
}

/** A challenge as a solver needs it. */
export interface PresentedChallenge {
  /** `http-01`, `tls-alpn-01` or `dns-01`. */
  readonly type: string;
  /** The name to be proved; for a wildcard without its `*.`. */
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  readonly token: string;
  /** Token, dot and thumbprint of the account's key (RFC 8555 §8.1). */
  readonly keyAuthorization: string;
}

/**
 * Proves control of a name in one way. The contract, which test/support/solver-contract.ts checks:
 *
 * - `present` resolves only when a validator that asks from now on is answered; when it rejects, nothing of the
 *   challenge is left behind.
 * - From then until `cleanup` every validator is answered, however many ask and however often: CAs validate
 *   from several places.
 * - Several challenges may stand at once, also several for one name; presenting or cleaning up one of them
 *   leaves the others as they are (where a validator can be shown one answer a name, as in TLS-ALPN-01, it is
 *   the newest). Presenting the same one twice is as presenting it once.
 * - `cleanup` undoes what `present` did and nothing else. For a challenge that was never presented, or was
 *   cleaned up before, it resolves and changes nothing. It is called once a challenge is decided, also after
 *   failures and aborts, and gets no signal because of that.
 * - Whatever is no challenge of ours goes unanswered.
 * - A solver is of one challenge type and keeps no reference to keys or accounts.
 */
export interface ChallengeSolver {
  readonly type: string;
  present(challenge: PresentedChallenge, signal?: AbortSignal): Promise<void>;
  cleanup(challenge: PresentedChallenge): Promise<void>;
}

/** RFC 8555 §8.1. `thumbprint` is the account key's. */
export function keyAuthorization(token: string, thumbprint: string): string {
  return `${token}.${thumbprint}`;
}

/** What DNS-01 publishes (RFC 8555 §8.4): base64url(SHA-256(key authorization)). */
export function dnsDigest(authorization: string): string {
  return createHash("sha256").update(authorization).digest("base64url");
}

/** The 32 bytes in the acmeIdentifier extension of TLS-ALPN-01 (RFC 8737 §3). */
export function alpnDigest(authorization: string): Buffer {
  return createHash("sha256").update(authorization).digest();
}
