import type { AcmeAccount } from "./account.ts";
import type { ChallengeSolver } from "./solver.ts";

export interface CertificateRequest {
  /** DNS names (a wildcard too) and IP addresses. */
  readonly names: readonly string[];
  /** In order of preference. */
  readonly solvers: readonly ChallengeSolver[];
  readonly profile?: string;
  /** The certificate (PEM, leaf first) that this one replaces, when this CA issued it. */
  readonly replaces?: string;
  /** Common name of the root that the chain should lead to, where the CA offers several. */
  readonly preferredRoot?: string;
}

/** A certificate and the key that was made for it. Times in milliseconds since the epoch. */
export interface IssuedCertificate {
  /** PEM chain, leaf first. */
  readonly certificate: string;
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The whole way from an order to a certificate. */
export declare function obtainCertificate(
  account: AcmeAccount,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<IssuedCertificate>;
