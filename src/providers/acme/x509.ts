import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { newSerialNumber, pemOf } from "../../core/base/index.ts";
import * as der from "./der.ts";
import { promisify } from "node:util";
import { addressBytes } from "./names.ts";
import type { Identifier } from "./solver.ts";

/** A private key in PKCS #8 PEM: a secret. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

/** An X.509 extension (RFC 5280 §4.2). `value` in DER. */
export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

const ecdsaWithSha256 = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));
const commonName = "2.5.4.3";
const extensionRequest = "1.2.840.113549.1.9.14";

/** SubjectAltName of DNS names and addresses (RFC 5280 §4.2.1.6). */
export function subjectAltName(identifiers: readonly Identifier[]): Extension {
  const names = identifiers.map(({ type, value }) =>
    type === "dns" ? der.implicit(2, Buffer.from(value, "latin1")) : der.implicit(7, addressBytes(value)),
  );
  return { oid: "2.5.29.17", value: der.sequence(...names) };
}

function extensionsOf(extensions: readonly Extension[]): Buffer {
  return der.sequence(
    ...extensions.map(({ oid, critical, value }) =>
      der.sequence(
        der.objectIdentifier(oid),
        ...(critical === true ? [der.trueValue] : []),
        der.octetString(value),
      ),
    ),
  );
}

function signed(content: Uint8Array, key: KeyObject): Buffer {
  return der.sequence(content, ecdsaWithSha256, der.bitString(sign("sha256", content, key)));
}

/** A key pair of P-256. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** A PKCS #10 request (RFC 2986) with an empty subject, in DER. */
function certificateRequest(keys: KeyPair, extensions: readonly Extension[]): Buffer {
  const attribute = der.sequence(der.objectIdentifier(extensionRequest), der.set(extensionsOf(extensions)));
  const version = der.integer(Buffer.of(0));
  const info = der.sequence(version, der.sequence(), spki(keys.publicKey), der.explicit(0, attribute));
  return signed(info, keys.privateKey);
}

function nameOf(text: string): Buffer {
  return der.sequence(der.set(der.sequence(der.objectIdentifier(commonName), der.utf8String(text))));
}

export interface SelfSigned {
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
}

/** A self-signed certificate (RFC 5280 §4.1), PEM. */
export function selfSignedCertificate(keys: KeyPair, fields: SelfSigned): string {
  const name = nameOf(fields.commonName);
  const content = der.sequence(
    der.explicit(0, der.integer(Buffer.of(2))),
    der.integer(newSerialNumber()),
    ecdsaWithSha256,
    name,
    der.sequence(der.utcTime(fields.notBefore), der.utcTime(fields.notAfter)),
    name,
    spki(keys.publicKey),
    der.explicit(3, extensionsOf(fields.extensions)),
  );
  return pemOf("CERTIFICATE", signed(content, keys.privateKey));
}

const generate = promisify(generateKeyPair);

/** A new P-256 key and a request for a certificate with these names. */
export interface SigningRequest {
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  /** PKCS #10 in DER. */
  readonly csr: Uint8Array;
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
  };
}
