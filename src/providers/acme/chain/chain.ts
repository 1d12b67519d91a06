import { X509Certificate } from "node:crypto";
import { defined, PodtrustError } from "../../../core/base/index.ts";
import { canonicalAddress } from "../../../core/x509/index.ts";

const maxChain = 10;
const maxPem = 128 * 1024;
const block = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]+?-----END \1-----/gu;

function invalid(why: string, cause?: unknown): PodtrustError {
  return new PodtrustError("certificate-invalid", why, defined({ cause }));
}

/** The certificates of a chain, leaf first. */
export type CertificateChain = readonly [X509Certificate, ...X509Certificate[]];

/** The certificates of a PEM text, in its order. Throws `certificate-invalid`, also for anything beside certificates. */
export function readCertificates(pem: string): CertificateChain {
  if (pem.length > maxPem) throw invalid(`the chain is longer than ${maxPem} characters`);
  const blocks = [...pem.matchAll(block)];
  const other = blocks.find(([, label]) => label !== "CERTIFICATE");
  if (other !== undefined) throw invalid(`there is a ${other[1]} beside the certificates`);
  if (blocks.length > maxChain) {
    throw invalid(`the chain holds ${blocks.length} certificates, more than ${maxChain}`);
  }
  const [leaf, ...rest] = blocks.map(([text]) => readCertificate(text));
  if (leaf === undefined) throw invalid("there is no certificate in PEM form");
  return [leaf, ...rest];
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw invalid("a certificate of the chain cannot be read", error);
  }
}

/** The chain in one form: certificates only, a line feed at the end of each. */
export function chainText(chain: readonly X509Certificate[]): string {
  return chain.map((certificate) => `${certificate.toString().trim()}\n`).join("");
}

/** The names of a certificate's subjectAltName, sorted: DNS names in lower case, addresses in one form. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const parts = (certificate.subjectAltName ?? "").split(", ").filter(Boolean);
  const names = parts.map((part) => {
    if (part.startsWith("DNS:")) return part.slice(4).toLowerCase();
    if (part.startsWith("IP Address:")) return canonicalAddress(part.slice(11).toLowerCase());
    return part;
  });
  return names.sort();
}

/** When a certificate is good, in milliseconds since the epoch. */
export function validityOf(certificate: X509Certificate): { notBefore: number; notAfter: number } {
  return { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
}
