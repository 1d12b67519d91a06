import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import * as der from "./der.ts";
import { contentOf, DerError, type Element, onlyElement, sequenceElements } from "./read.ts";

/** A key pair. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair);

/** A new key pair of P-256. */
export function newKeyPair(): Promise<KeyPair> {
  return generate("ec", { namedCurve: "P-256" });
}

/** A private key in PKCS #8 PEM: a secret. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

/** SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7). */
export function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** The key of a SubjectPublicKeyInfo. Throws DerError for one that OpenSSL does not know. */
export function readPublicKey(info: Element): KeyObject {
  try {
    return createPublicKey({ key: info.encoded, format: "der", type: "spki" });
  } catch (cause) {
    throw new DerError("the public key cannot be read", { cause });
  }
}

/** A key's identifier: SHA-1 of the bits of its public key (RFC 5280 §4.2.1.2, method 1). It proves nothing. */
export function keyIdentifier(key: KeyObject): Buffer {
  const [, bits] = sequenceElements(onlyElement(publicKeyInfo(key)), "public key");
  // The first octet of a BIT STRING counts the bits that are not used.
  const value = contentOf(bits, der.tags.bitString, "bits of the public key").subarray(1);
  return createHash("sha1").update(value).digest();
}

/**
 * A serial number of 16 octets (RFC 5280 §4.1.2.2): random, positive, and with a first octet that DER puts no zero
 * before.
 */
export function newSerialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}

interface SignatureAlgorithm {
  readonly keyType: "ec" | "rsa";
  readonly hash: "sha256" | "sha384" | "sha512";
  readonly oid: Buffer;
}

// RFC 5758 §3.2 for ECDSA, RFC 4055 §5 for RSA with PKCS #1 v1.5. SHA-1 is not among them.
const algorithms: readonly SignatureAlgorithm[] = [
  { keyType: "ec", hash: "sha256", oid: der.objectIdentifier("1.2.840.10045.4.3.2") },
  { keyType: "ec", hash: "sha384", oid: der.objectIdentifier("1.2.840.10045.4.3.3") },
  { keyType: "ec", hash: "sha512", oid: der.objectIdentifier("1.2.840.10045.4.3.4") },
  { keyType: "rsa", hash: "sha256", oid: der.objectIdentifier("1.2.840.113549.1.1.11") },
  { keyType: "rsa", hash: "sha384", oid: der.objectIdentifier("1.2.840.113549.1.1.12") },
  { keyType: "rsa", hash: "sha512", oid: der.objectIdentifier("1.2.840.113549.1.1.13") },
];

const hashOfCurve: Readonly<Record<string, string>> = { prime256v1: "sha256", secp384r1: "sha384" };

/** The algorithm that a key signs by: SHA-256 for RSA and P-256, SHA-384 for P-384. Throws TypeError for other keys. */
function algorithmOf(key: KeyObject): SignatureAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const hash = type === "rsa" ? "sha256" : hashOfCurve[details?.namedCurve ?? ""];
  const found = algorithms.find((one) => one.keyType === type && one.hash === hash);
  if (found === undefined) throw new TypeError("certificates are signed by RSA, P-256 or P-384 here");
  return found;
}

const identifierOf = ({ keyType, oid }: SignatureAlgorithm): Buffer =>
  keyType === "rsa" ? der.sequence(oid, der.nullValue) : der.sequence(oid);

/** The AlgorithmIdentifier by which a key signs, in DER. Throws TypeError for keys other than RSA, P-256 and P-384. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return identifierOf(algorithmOf(key));
}

/** Something signed: content, algorithm, signature (RFC 5280 §4.1, RFC 2986 §4.2). In DER. */
export function signed(content: Uint8Array, key: KeyObject): Buffer {
  const algorithm = algorithmOf(key);
  return der.sequence(content, identifierOf(algorithm), der.bitString(sign(algorithm.hash, content, key)));
}

/** A signature that was read. */
export interface ReadSignature {
  /** `undefined`: none of those that are known here. */
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly octets: Buffer;
}

/** Reads the algorithm and the signature behind something signed. Throws DerError. */
export function readSignature(algorithm: Element, signature: Element): ReadSignature {
  const [oid, parameters] = sequenceElements(algorithm, "signature algorithm");
  const found = algorithms.find((one) => one.oid.equals(oid?.encoded ?? Buffer.of()));
  // Absent, or for RSA NULL as well (RFC 4055 §5).
  const isPlain = parameters === undefined || (found?.keyType === "rsa" && parameters.tag === der.tags.null);
  const bits = contentOf(signature, der.tags.bitString, "signature");
  if (bits[0] !== 0) throw new DerError("a signature is not of whole octets");
  return { algorithm: isPlain ? found : undefined, octets: bits.subarray(1) };
}

/** Whether the signature of `content` is by the key: false as well for an algorithm that is not known. */
export function isSignedBy(key: KeyObject, content: Element, { algorithm, octets }: ReadSignature): boolean {
  if (algorithm === undefined || algorithm.keyType !== key.asymmetricKeyType) return false;
  try {
    return verify(algorithm.hash, content.encoded, key, octets);
  } catch {
    // A signature of no form of the algorithm's.
    return false;
  }
}
