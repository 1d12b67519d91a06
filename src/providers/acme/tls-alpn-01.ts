import { isIPv4 } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  addressBytes,
  newKeyPair,
  octetString,
  privateKeyPem,
  signCertificate,
  subjectAltName,
} from "../../core/x509/index.ts";
import { alpnDigest, type ChallengeSolver, type Identifier, type PresentedChallenge } from "./solver.ts";

/**
 * The protocol by which a validator is known (RFC 8737 §4). The publisher's listener writes it out, since this folder loads
 * what makes certificates.
 *
 * @internal
 */
export const acmeTlsProtocol = "acme-tls/1";

// id-pe-acmeIdentifier, RFC 8737 §6.1.
const acmeIdentifier = "1.3.6.1.5.5.7.1.31";

/**
 * TLS-ALPN-01 (RFC 8737). A TLS listener that may meet validators has an `ALPNCallback` (in place of
 * `ALPNProtocols`), which for a client that offers `acmeTlsProtocol` asks `tlsAlpn01(servername)`, calls
 * `this.setKeyCert(context)` on its socket and returns `acmeTlsProtocol`; without an answer it returns
 * undefined. `alpnCallback` is such a function.
 */
export interface TlsAlpn01Solver extends ChallengeSolver {
  readonly type: "tls-alpn-01";
  /** The certificate to show a validator that names `serverName` in SNI; undefined when nothing is presented. */
  tlsAlpn01(serverName: string): SecureContext | undefined;
}

/** A certificate for a challenge and its key, PEM. */
export interface ChallengeCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** The DER of the acmeIdentifier extension's value: an OCTET STRING of the digest (RFC 8737 §3). */
export function acmeIdentifierValue(authorization: string): Buffer {
  return octetString(alpnDigest(authorization));
}

/** What a validator puts into SNI: the name, or for an address its reverse name (RFC 8738 §6). */
export function validationName(identifier: Identifier): string {
  if (identifier.type === "dns") return identifier.value.toLowerCase();
  const bytes = addressBytes(identifier.value);
  if (isIPv4(identifier.value)) return `${[...bytes].reverse().join(".")}.in-addr.arpa`;
  return `${bytes.toString("hex").split("").reverse().join(".")}.ip6.arpa`;
}

/** Makes the self-signed certificate that answers a challenge. */
export async function challengeCertificate(
  identifier: Identifier,
  authorization: string,
): Promise<ChallengeCertificate> {
  const { publicKey, privateKey } = await newKeyPair();
  const content = {
    subject: { commonName: "ACME challenge" },
    publicKey,
    // RFC 8737 leaves the dates open. A wide range holds also where the clocks of both sides differ.
    notBefore: new Date("2020-01-01T00:00:00Z"),
    notAfter: new Date("2049-12-31T00:00:00Z"),
    extensions: [
      subjectAltName([identifier.value]),
      { oid: acmeIdentifier, critical: true, value: acmeIdentifierValue(authorization) },
    ],
  };
  const certificate = signCertificate(content, { privateKey });
  return { certificate: certificate.toString(), key: privateKeyPem(privateKey) };
}

/** A solver whose certificates a TLS listener looks up. */
export function tlsAlpn01Solver(): TlsAlpn01Solver {
  // By name, then by key authorization: several challenges of one name may stand, the newest is shown.
  const answers = new Map<string, Map<string, SecureContext>>();
  const cleanup = (challenge: PresentedChallenge): Promise<void> => {
    const name = validationName(challenge.identifier);
    answers.get(name)?.delete(challenge.keyAuthorization);
    if (answers.get(name)?.size === 0) answers.delete(name);
    return Promise.resolve();
  };
  return {
    type: "tls-alpn-01",
    tlsAlpn01: (serverName) => [...(answers.get(serverName.toLowerCase())?.values() ?? [])].at(-1),
    async present(challenge) {
      const { certificate, key } = await challengeCertificate(
        challenge.identifier,
        challenge.keyAuthorization,
      );
      const name = validationName(challenge.identifier);
      const ofName = answers.get(name) ?? new Map<string, SecureContext>();
      answers.set(name, ofName);
      ofName.set(challenge.keyAuthorization, createSecureContext({ cert: certificate, key }));
    },
    cleanup,
  };
}
