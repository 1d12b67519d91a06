import type { KeyObject } from "node:crypto";
import * as der from "./der.ts";
import {
  type Extension,
  extensionOf,
  oids,
  readExtensions,
  subjectAltName,
  writeExtensions,
} from "./extensions.ts";
import {
  isSignedBy,
  type KeyPair,
  newKeyPair,
  privateKeyPem,
  publicKeyInfo,
  readPublicKey,
  readSignature,
  signed,
} from "./keys.ts";
import {
  type AlternativeName,
  commonNamesOf,
  distinguishedName,
  readAlternativeNames,
  type CertificateSubject,
} from "./names.ts";
import { contentOf, DerError, type Element, elementsOf, onlyElement, sequenceElements } from "./read.ts";

const extensionRequest = der.objectIdentifier("1.2.840.113549.1.9.14");

/** What a certificate is asked for with. */
export interface RequestContent {
  /** Default: empty. */
  readonly subject?: CertificateSubject;
  readonly extensions: readonly Extension[];
}

/** Writes a certificate request (PKCS #10, RFC 2986 §4), signed by its own key, in DER. */
export function writeRequest(keys: KeyPair, { subject = {}, extensions }: RequestContent): Buffer {
  const attribute = der.sequence(extensionRequest, der.set(writeExtensions(extensions)));
  const info = der.sequence(
    der.integer(Buffer.of(0)),
    distinguishedName(subject),
    publicKeyInfo(keys.publicKey),
    der.explicit(0, attribute),
  );
  return signed(info, keys.privateKey);
}

/** A new P-256 key and a request for a certificate. */
export interface SigningRequest {
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  /** PKCS #10 in DER. */
  readonly csr: Uint8Array;
}

/**
 * Makes a key that is used for one certificate, and its request. The subject stays empty: `names`, DNS names and IP
 * addresses, are alternative names.
 */
export async function newSigningRequest(names: readonly string[]): Promise<SigningRequest> {
  const keys = await newKeyPair();
  return {
    key: privateKeyPem(keys.privateKey),
    csr: writeRequest(keys, { extensions: [subjectAltName(names)] }),
  };
}

/** A certificate request that was read. */
export interface ReadRequest {
  readonly publicKey: KeyObject;
  readonly commonNames: readonly string[];
  /** Of its subjectAltName; none without one. */
  readonly names: readonly AlternativeName[];
  /** Whether its signature is by its own key. Looking costs what the key's size makes it cost: judge the key first. */
  readonly isSignedByItsKey: () => boolean;
}

/** The extensions that the attributes ask for (RFC 2985 §5.4.2). */
function namesIn(attributes: Element | undefined): readonly AlternativeName[] {
  if (attributes === undefined) return [];
  const asked = elementsOf(contentOf(attributes, der.constructedTag(0), "list of attributes"))
    .map((one) => sequenceElements(one, "attribute"))
    .filter(([type]) => type?.encoded.equals(extensionRequest));
  const [only, ...more] = asked;
  if (more.length > 0) throw new DerError("extensions are asked for twice");
  if (only === undefined) return [];
  const extensions = readExtensions(onlyElement(contentOf(only[1], der.tags.set, "set of values")));
  const found = extensionOf(extensions, oids.subjectAltName);
  return found === undefined ? [] : readAlternativeNames(onlyElement(found.value));
}

/** Reads a certificate request (PKCS #10, RFC 2986 §4). Throws DerError for all that is none. */
export function readRequest(bytes: Buffer): ReadRequest {
  const [info, algorithm, signature, ...more] = sequenceElements(onlyElement(bytes), "request");
  const [version, subject, key, attributes, ...others] = sequenceElements(info, "content of a request");
  if (info === undefined || algorithm === undefined || signature === undefined || more.length > 0)
    throw new DerError("a request has other members than three");
  if (subject === undefined || key === undefined || others.length > 0)
    throw new DerError("a request's content has other members than four");
  contentOf(version, der.tags.integer, "version");
  const publicKey = readPublicKey(key);
  const held = readSignature(algorithm, signature);
  return {
    publicKey,
    commonNames: commonNamesOf(subject),
    names: namesIn(attributes),
    isSignedByItsKey: () => isSignedBy(publicKey, info, held),
  };
}
