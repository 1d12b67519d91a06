import { type KeyObject, X509Certificate } from "node:crypto";
import * as der from "./der.ts";
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
  writeExtensions,
} from "./extensions.ts";
import {
  keyIdentifier,
  newKeyPair,
  newSerialNumber,
  publicKeyInfo,
  signatureAlgorithm,
  signed,
} from "./keys.ts";
import { distinguishedName, type CertificateSubject } from "./names.ts";
import { subjectKeyIdentifierOf, subjectOf } from "./read-certificate.ts";

/** From when to when a certificate is good. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What a certificate says. */
export interface CertificateContent extends Validity {
  readonly subject: CertificateSubject;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Extension[];
}

/** Who signs certificates: a CA's certificate and its key, which is a secret. */
export interface SigningCa {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

/**
 * Signs a certificate of version 3 with a random serial number (RFC 5280 §4.1). Without the issuer's `certificate` it is
 * self-signed. Throws TypeError for a key that is neither RSA nor of P-256 or P-384.
 */
export function signCertificate(
  { subject, publicKey, notBefore, notAfter, extensions }: CertificateContent,
  issuer: Pick<SigningCa, "privateKey"> & Partial<SigningCa>,
): X509Certificate {
  const name = distinguishedName(subject);
  const content = der.sequence(
    der.explicit(0, der.integer(Buffer.of(2))),
    der.integer(newSerialNumber()),
    signatureAlgorithm(issuer.privateKey),
    issuer.certificate === undefined ? name : subjectOf(issuer.certificate),
    der.sequence(der.time(notBefore), der.time(notAfter)),
    name,
    publicKeyInfo(publicKey),
    ...(extensions.length === 0 ? [] : [der.explicit(3, writeExtensions(extensions))]),
  );
  return new X509Certificate(signed(content, issuer.privateKey));
}

/** A certificate authority to be made. */
export interface AuthorityContent extends Validity {
  readonly commonName: string;
  /** How many intermediates may stand below it; default: any number. */
  readonly pathLength?: number;
}

/** Makes a CA with a P-256 key of its own: a root, or an intermediate under `parent`. */
export async function createAuthority(
  { commonName, pathLength, ...validity }: AuthorityContent,
  parent?: SigningCa,
): Promise<SigningCa> {
  const { publicKey, privateKey } = await newKeyPair();
  const identifier =
    parent === undefined ? keyIdentifier(publicKey) : subjectKeyIdentifierOf(parent.certificate);
  const extensions = [
    basicConstraints(true, pathLength),
    keyUsage("keyCertSign", "cRLSign"),
    subjectKeyIdentifier(publicKey),
    authorityKeyIdentifier(identifier),
  ];
  const content = { subject: { commonName }, publicKey, ...validity, extensions };
  return { certificate: signCertificate(content, parent ?? { privateKey }), privateKey };
}

/** A certificate for TLS to be issued. */
export interface LeafContent extends Validity {
  readonly subject: CertificateSubject;
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  readonly publicKey: KeyObject;
  readonly usages: readonly ("server" | "client")[];
}

// ub-common-name, RFC 5280 appendix A.1.
const maxCommonName = 64;

/** Issues a certificate for a TLS server or client. A common name that is too long for one is left out. */
export function issueCertificate(
  issuer: SigningCa,
  { subject, names = [], publicKey, usages, notBefore, notAfter }: LeafContent,
): X509Certificate {
  const { commonName = "", organizations = [] } = subject;
  const fits = commonName !== "" && commonName.length <= maxCommonName;
  const held: CertificateSubject = { organizations, ...(fits ? { commonName } : {}) };
  const isEmpty = !fits && organizations.length === 0;
  const extensions = [
    basicConstraints(false),
    keyUsage("digitalSignature"),
    extendedKeyUsage(...usages),
    subjectKeyIdentifier(publicKey),
    authorityKeyIdentifier(subjectKeyIdentifierOf(issuer.certificate)),
    ...(names.length === 0 ? [] : [subjectAltName(names, isEmpty)]),
  ];
  return signCertificate({ subject: held, publicKey, notBefore, notAfter, extensions }, issuer);
}
