import { webcrypto } from "node:crypto";
// @peculiar/x509 wants it loaded first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { privateKeyPem } from "./pem.ts";
import type { Identifier } from "./solver.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A new P-256 key and a request for a certificate with these names. */
export interface SigningRequest {
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  /** PKCS #10 in DER. */
  readonly csr: Uint8Array;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
}

/** Makes a key that is used for this one certificate, and its request. The subject stays empty: names are SANs. */
export async function newSigningRequest(identifiers: readonly Identifier[]): Promise<SigningRequest> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = identifiers.map(({ type, value }) => ({ type, value }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  });
  const publicKey = await webcrypto.subtle.exportKey("spki", keys.publicKey);
  return {
    key: privateKeyPem(keys.privateKey),
    csr: new Uint8Array(request.rawData),
    publicKey: new Uint8Array(publicKey),
  };
}
