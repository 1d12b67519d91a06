import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { pemOf } from "../base/index.ts";

/** One certificate that a server sent. */
export interface PresentedCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** SHA-1 of the DER form, 40 lower-case hex digits: what IAM calls a thumbprint. */
  readonly sha1: string;
  /** SHA-256 of the DER form, 64 lower-case hex digits. */
  readonly sha256: string;
  readonly pem: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What is known of the TLS connection over which an answer came. */
export interface TlsFacts {
  /** For example TLSv1.3. */
  readonly protocol: string;
  /** Leaf first, as far as Node could link issuers. */
  readonly chain: readonly PresentedCertificate[];
}

// Chains are short; the bound keeps a crafted loop of cross-signed certificates finite.
const maxChain = 10;

function nameOf(subject: object | undefined): string {
  return Object.entries(subject ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ");
}

function digits(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

function served(certificate: DetailedPeerCertificate): PresentedCertificate {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    sha1: digits(certificate.fingerprint),
    sha256: digits(certificate.fingerprint256),
    pem: pemOf("CERTIFICATE", certificate.raw),
    notBefore: Date.parse(certificate.valid_from),
    notAfter: Date.parse(certificate.valid_to),
  };
}

/** The certificates of a connected socket, leaf first. */
function servedChain(socket: TLSSocket): readonly PresentedCertificate[] {
  const chain: PresentedCertificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < maxChain) {
    const one = served(certificate);
    if (chain.some((known) => known.sha256 === one.sha256)) break;
    chain.push(one);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** The TLS facts of a connected socket. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  return { protocol: socket.getProtocol() ?? "unknown", chain: servedChain(socket) };
}
