import type { KeyObject } from "node:crypto";
import {
  createAuthority as createAuthorityFor,
  issueCertificate,
  type SigningCa,
  newKeyPair,
  privateKeyPem,
} from "../../core/x509/index.ts";

/** Seconds since the epoch. */
interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate authority of a stand-in, with a P-256 key. */
export type StandInAuthority = SigningCa;

/** A certificate and its key, PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate to be signed. */
interface LeafRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  readonly publicKey: KeyObject;
  readonly usage: "server" | "client";
  readonly validity?: Validity;
}

/**
 * The validity of stand-ins' own server certificates. It is wide because clients check it by the machine's clock, while
 * a stand-in may use a clock that a test moves.
 */
const longValidity: Validity = {
  notBefore: Date.UTC(2020, 0, 1) / 1000,
  notAfter: Date.UTC(2049, 11, 31) / 1000,
};

function dates(validity: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(validity.notBefore * 1000), notAfter: new Date(validity.notAfter * 1000) };
}

/** A root, or an intermediate under `parent`. */
export function createAuthority(commonName: string, parent?: StandInAuthority): Promise<StandInAuthority> {
  const pathLength = parent === undefined ? {} : { pathLength: 0 };
  return createAuthorityFor({ commonName, ...pathLength, ...dates(longValidity) }, parent);
}

/** Signs a certificate; returns its PEM without the chain. */
export function issue(
  authority: StandInAuthority,
  { commonName, organizations = [], validity = longValidity, usage, ...leaf }: LeafRequest,
): string {
  const subject = { commonName, organizations };
  return issueCertificate(authority, { subject, usages: [usage], ...leaf, ...dates(validity) }).toString();
}

/** Makes a key and a certificate for it, without further chain. */
export async function issueWithKey(
  authority: StandInAuthority,
  leaf: Omit<LeafRequest, "publicKey">,
): Promise<CertificateAndKey> {
  const { publicKey, privateKey } = await newKeyPair();
  return { certificate: issue(authority, { ...leaf, publicKey }), key: privateKeyPem(privateKey) };
}

/** PEM of an authority's certificate. */
export function authorityPem(authority: StandInAuthority): string {
  return authority.certificate.toString();
}
