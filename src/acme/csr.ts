import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { privateKeyPem } from "./pem.ts";
import type { Identifier } from "./solver.ts";
import { certificateRequest, type KeyPair, subjectAltName } from "./x509.ts";

const generate = promisify(generateKeyPair);

/** A new P-256 key and a request for a certificate with these names. */
export interface SigningRequest {
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  /** PKCS #10 in DER. */
  readonly csr: Uint8Array;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
}

/** A new key pair of P-256. */
export function newKeyPair(): Promise<KeyPair> {
  return generate("ec", { namedCurve: "P-256" });
}

/** Makes a key that is used for this one certificate, and its request. The subject stays empty: names are SANs. */
export async function newSigningRequest(identifiers: readonly Identifier[]): Promise<SigningRequest> {
  const keys = await newKeyPair();
  return {
    key: privateKeyPem(keys.privateKey),
    csr: certificateRequest(keys, [subjectAltName(identifiers)]),
    publicKey: keys.publicKey.export({ type: "spki", format: "der" }),
  };
}
