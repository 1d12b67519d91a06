import type { KeyObject } from "node:crypto";
import * as der from "./der.ts";
import { keyIdentifier } from "./keys.ts";
import { alternativeNames } from "./names.ts";
import { contentOf, DerError, type Element, sequenceElements } from "./read.ts";

/** An X.509 extension to be written (RFC 5280 §4.2). `value` in DER. */
export interface Extension {
  /** Dotted. */
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

export const oids = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const;

/** Extensions in DER (RFC 5280 §4.1). */
export function writeExtensions(extensions: readonly Extension[]): Buffer {
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

/** DNS names and IP addresses. Critical where the subject is empty (RFC 5280 §4.2.1.6). */
export function subjectAltName(names: readonly string[], critical = false): Extension {
  return { oid: oids.subjectAltName, critical, value: alternativeNames(names) };
}

/** Whether it is a CA, and how many intermediates may stand below it; 0 to 255, default: any number (RFC 5280 §4.2.1.9). */
export function basicConstraints(ca: boolean, pathLength?: number): Extension {
  const value = [
    ...(ca ? [der.trueValue] : []),
    ...(pathLength === undefined ? [] : [der.integer(Buffer.of(pathLength))]),
  ];
  return { oid: oids.basicConstraints, critical: true, value: der.sequence(...value) };
}

const keyUsages = {
  digitalSignature: 0x80,
  keyEncipherment: 0x20,
  keyCertSign: 0x04,
  cRLSign: 0x02,
} as const;

/** What the key is for (RFC 5280 §4.2.1.3). */
export function keyUsage(...usages: readonly (keyof typeof keyUsages)[]): Extension {
  const bits = usages.reduce((sum, one) => sum | keyUsages[one], 0);
  return { oid: oids.keyUsage, critical: true, value: der.namedBits(bits) };
}

const extendedUsages = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

/** Whether it is for TLS servers, clients or both (RFC 5280 §4.2.1.12). */
export function extendedKeyUsage(...usages: readonly (keyof typeof extendedUsages)[]): Extension {
  const value = der.sequence(...usages.map((one) => der.objectIdentifier(extendedUsages[one])));
  return { oid: oids.extendedKeyUsage, value };
}

/** The identifier of the certificate's own key (RFC 5280 §4.2.1.2). */
export function subjectKeyIdentifier(key: KeyObject): Extension {
  return { oid: oids.subjectKeyIdentifier, value: der.octetString(keyIdentifier(key)) };
}

/** Which of its issuer's keys signs, by that key's identifier (RFC 5280 §4.2.1.1). */
export function authorityKeyIdentifier(identifier: Uint8Array): Extension {
  return { oid: oids.authorityKeyIdentifier, value: der.sequence(der.implicit(0, identifier)) };
}

/** An extension that was read. */
export interface ReadExtension {
  readonly critical: boolean;
  /** What its OCTET STRING holds, DER. */
  readonly value: Buffer;
}

/** Extensions by the DER of their OIDs in hex. */
export type ReadExtensions = ReadonlyMap<string, ReadExtension>;

function readExtension(element: Element): readonly [string, ReadExtension] {
  const [oid, ...rest] = sequenceElements(element, "extension");
  const flag = rest.length > 1 ? contentOf(rest[0], der.tags.boolean, "critical flag") : Buffer.of(0);
  if (oid?.tag !== der.tags.objectIdentifier || rest.length > 2)
    throw new DerError("an extension has other members than three");
  const value = contentOf(rest.at(-1), der.tags.octetString, "value of an extension");
  return [oid.encoded.toString("hex"), { critical: flag.some((octet) => octet !== 0), value }];
}

/** Extensions, each at most once (RFC 5280 §4.2). Throws DerError. */
export function readExtensions(element: Element): ReadExtensions {
  const found = sequenceElements(element, "list of extensions").map(readExtension);
  const extensions = new Map(found);
  if (extensions.size !== found.length) throw new DerError("an extension stands there twice");
  return extensions;
}

/** The extension of a dotted OID. */
export function extensionOf(extensions: ReadExtensions, oid: string): ReadExtension | undefined {
  return extensions.get(der.objectIdentifier(oid).toString("hex"));
}
