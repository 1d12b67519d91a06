import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
// @peculiar/x509 wants it loaded first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { newSerialNumber, pemOf } from "../../core/base/index.ts";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Seconds since the epoch. */
interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate authority of a stand-in, with a P-256 key. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

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
  readonly publicKey: webcrypto.CryptoKey | x509.PublicKey;
  readonly usage: "server" | "client";
  readonly validity?: Validity;
}

/**
 * The validity of what stand-ins serve themselves with. It is wide because whoever connects checks it by the
 * machine's clock, while a stand-in may live by a clock that a test moves.
 */
const longValidity: Validity = {
  notBefore: Date.UTC(2020, 0, 1) / 1000,
  notAfter: Date.UTC(2049, 11, 31) / 1000,
};

/** A new P-256 key pair that can be exported. */
async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
}

function dates(validity: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(validity.notBefore * 1000), notAfter: new Date(validity.notAfter * 1000) };
}

/** A root, or an intermediate under `parent`. */
export async function createAuthority(name: string, parent?: Authority): Promise<Authority> {
  const keys = await newKeys();
  const subject = [{ CN: [name] }];
  const extensions = [
    new x509.BasicConstraintsExtension(true, parent === undefined ? undefined : 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create((parent?.keys ?? keys).publicKey),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber().toString("hex"),
    subject,
    issuer: parent === undefined ? subject : parent.certificate.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey: (parent?.keys ?? keys).privateKey,
    signingAlgorithm: ecdsa,
    ...dates(longValidity),
    extensions,
  });
  return { certificate, keys };
}

/** Signs a certificate; gives its PEM without the chain. */
export async function issue(authority: Authority, leaf: LeafRequest): Promise<string> {
  const names = (leaf.names ?? []).map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }));
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([leaf.usage === "server" ? serverAuth : clientAuth]),
    await x509.SubjectKeyIdentifierExtension.create(leaf.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
  const organizations = (leaf.organizations ?? []).map((name) => ({ O: [name] }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber().toString("hex"),
    subject: [...organizations, { CN: [leaf.commonName] }],
    issuer: authority.certificate.subjectName.toJSON(),
    publicKey: leaf.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ecdsa,
    ...dates(leaf.validity ?? longValidity),
    extensions,
  });
  return pemOf("CERTIFICATE", certificate.rawData);
}

/** Makes a key and a certificate for it, the latter with nothing behind it. */
export async function issueWithKey(
  authority: Authority,
  leaf: Omit<LeafRequest, "publicKey">,
): Promise<CertificateAndKey> {
  const keys = await newKeys();
  const certificate = await issue(authority, { ...leaf, publicKey: keys.publicKey });
  return {
    certificate,
    key: pemOf("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

/** PEM of an authority's certificate. */
export function authorityPem(authority: Authority): string {
  return pemOf("CERTIFICATE", authority.certificate.rawData);
}
