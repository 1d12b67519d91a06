import type { X509Certificate } from "node:crypto";
import * as der from "./der.ts";
import { extensionOf, oids, type ReadExtension, type ReadExtensions, readExtensions } from "./extensions.ts";
import { keyIdentifier } from "./keys.ts";
import { type AlternativeName, readAlternativeNames } from "./names.ts";
import { contentOf, type Element, onlyElement, sequenceElements } from "./read.ts";

/**
 * What `node:crypto` does not say of a certificate that it has read. All of it throws DerError for bytes that are no DER.
 */
export type ReadableCertificate = Pick<X509Certificate, "raw">;

interface Fields {
  readonly serialNumber: Buffer;
  readonly subject: Element | undefined;
  readonly extensions: ReadExtensions;
}

/** The fields of a TBSCertificate (RFC 5280 §4.1). */
function fieldsOf({ raw }: ReadableCertificate): Fields {
  const [content] = sequenceElements(onlyElement(raw), "certificate");
  const fields = sequenceElements(content, "content of a certificate");
  // Version 1 has no version.
  const [serial, , , , subject, ...rest] =
    fields[0]?.tag === der.constructedTag(0) ? fields.slice(1) : fields;
  const extensions = rest.find(({ tag }) => tag === der.constructedTag(3));
  return {
    serialNumber: contentOf(serial, der.tags.integer, "serial number"),
    subject,
    extensions: extensions === undefined ? new Map() : readExtensions(onlyElement(extensions.content)),
  };
}

/** The octets of the serial number as they stand in DER: with a zero in front where the highest bit is set. */
export function serialNumberOf(certificate: ReadableCertificate): Buffer {
  return fieldsOf(certificate).serialNumber;
}

/** The subject, DER: what stands as issuer in what it signs. */
export function subjectOf(certificate: ReadableCertificate): Buffer {
  const { subject } = fieldsOf(certificate);
  contentOf(subject, der.tags.sequence, "subject");
  return subject?.encoded ?? Buffer.of();
}

/** The extension of a dotted OID, if the certificate has it. */
export function certificateExtension(
  certificate: ReadableCertificate,
  oid: string,
): ReadExtension | undefined {
  return extensionOf(fieldsOf(certificate).extensions, oid);
}

/** Whether it is a CA, and how many intermediates may stand below it (RFC 5280 §4.2.1.9). */
export interface BasicConstraints {
  readonly ca: boolean;
  /** `undefined`: any number. */
  readonly pathLength: number | undefined;
}

/** Undefined where it says neither. */
export function basicConstraintsOf(certificate: ReadableCertificate): BasicConstraints | undefined {
  const extension = certificateExtension(certificate, oids.basicConstraints);
  if (extension === undefined) return undefined;
  const parts = sequenceElements(onlyElement(extension.value), "basicConstraints");
  const flag = parts.find(({ tag }) => tag === der.tags.boolean)?.content[0] ?? 0;
  const length = parts.find(({ tag }) => tag === der.tags.integer)?.content;
  return {
    ca: flag !== 0,
    pathLength: length === undefined ? undefined : Number(`0x${length.toString("hex") || "0"}`),
  };
}

/** Whether the key may sign, as TLS needs of a server's: undefined where key usage does not say (RFC 5280 §4.2.1.3). */
export function allowsDigitalSignature(certificate: ReadableCertificate): boolean | undefined {
  const extension = certificateExtension(certificate, oids.keyUsage);
  if (extension === undefined) return undefined;
  const bits = contentOf(onlyElement(extension.value), der.tags.bitString, "keyUsage");
  // The first octet counts the bits that are not used.
  return ((bits[1] ?? 0) & 0x80) !== 0;
}

/** The names of its subjectAltName, in their order; none without one. */
export function alternativeNamesOf(certificate: ReadableCertificate): readonly AlternativeName[] {
  const extension = certificateExtension(certificate, oids.subjectAltName);
  return extension === undefined ? [] : readAlternativeNames(onlyElement(extension.value));
}

/** The identifier of its issuer's key, if it names one (RFC 5280 §4.2.1.1). */
export function authorityKeyIdentifierOf(certificate: ReadableCertificate): Buffer | undefined {
  const extension = certificateExtension(certificate, oids.authorityKeyIdentifier);
  if (extension === undefined) return undefined;
  const parts = sequenceElements(onlyElement(extension.value), "authorityKeyIdentifier");
  return parts.find(({ tag }) => tag === der.primitiveTag(0))?.content;
}

/** The identifier of its own key: the one that it names, or the one that the key has by method 1 (RFC 5280 §4.2.1.2). */
export function subjectKeyIdentifierOf(certificate: X509Certificate): Buffer {
  const extension = certificateExtension(certificate, oids.subjectKeyIdentifier);
  if (extension === undefined) return keyIdentifier(certificate.publicKey);
  return contentOf(onlyElement(extension.value), der.tags.octetString, "subjectKeyIdentifier");
}
