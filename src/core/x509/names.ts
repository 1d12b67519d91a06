import { isIP } from "node:net";
import * as der from "./der.ts";
import { contentOf, DerError, type Element, elementsOf, sequenceElements } from "./read.ts";

/** The subject of a certificate. */
export interface CertificateSubject {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
}

const commonName = der.objectIdentifier("2.5.4.3");
const organization = der.objectIdentifier("2.5.4.10");

/** A distinguished name in DER (RFC 5280 §4.1.2.4): organizations first, then the common name. */
export function distinguishedName({ organizations = [], commonName: common }: CertificateSubject): Buffer {
  const parts = organizations.map((name) => [organization, name] as const);
  if (common !== undefined) parts.push([commonName, common]);
  return der.sequence(...parts.map(([type, text]) => der.set(der.sequence(type, der.utf8String(text)))));
}

const textTags = new Set<number>([der.tags.utf8String, der.tags.printableString, der.tags.ia5String]);

/** Every common name in a distinguished name. Throws DerError. */
export function commonNamesOf(name: Element): readonly string[] {
  const attributes = sequenceElements(name, "name").flatMap((set) =>
    elementsOf(contentOf(set, der.tags.set, "part of a name")),
  );
  return attributes.flatMap((attribute) => {
    const [type, value] = sequenceElements(attribute, "part of a name");
    if (type?.encoded.equals(commonName) !== true) return [];
    if (value === undefined || !textTags.has(value.tag))
      throw new DerError("a common name is not UTF8String, PrintableString or IA5String");
    return [value.content.toString("utf8")];
  });
}

/** An IP address in one form, so that two spellings are the same. */
export function canonicalAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** The 4 or 16 octets of an IP address. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) !== 6) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = canonicalAddress(address).split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** Kinds of GeneralName by their tags (RFC 5280 §4.2.1.6). */
const kinds = {
  0xa0: "other",
  0x81: "email",
  0x82: "dns",
  0xa3: "x400",
  0xa4: "dn",
  0xa5: "edi",
  0x86: "url",
  0x87: "ip",
  0x88: "id",
} as const;

/** A name of a certificate. `value` of `dns`, `email`, `url` and `ip`: text; of the others: their octets in hex. */
export interface AlternativeName {
  readonly type: (typeof kinds)[keyof typeof kinds];
  readonly value: string;
}

/** GeneralNames of DNS names and IP addresses, in DER: the value of a subjectAltName (RFC 5280 §4.2.1.6). */
export function alternativeNames(names: readonly string[]): Buffer {
  return der.sequence(
    ...names.map((name) =>
      isIP(name) === 0 ? der.implicit(2, Buffer.from(name, "latin1")) : der.implicit(7, addressBytes(name)),
    ),
  );
}

function addressText(octets: Buffer): string {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) throw new DerError("an IP address has neither 4 nor 16 octets");
  return canonicalAddress((octets.toString("hex").match(/.{4}/gu) ?? []).join(":"));
}

const isKind = (tag: number): tag is keyof typeof kinds => Object.hasOwn(kinds, tag);

function valueOf(type: AlternativeName["type"], octets: Buffer): string {
  if (type === "ip") return addressText(octets);
  if (type !== "dns" && type !== "email" && type !== "url") return octets.toString("hex");
  if (octets.some((octet) => octet >= 0x80)) throw new DerError(`a ${type} name is not ASCII`);
  return octets.toString("latin1");
}

/** What `alternativeNames` writes, and every other kind of name. Throws DerError. */
export function readAlternativeNames(value: Element): readonly AlternativeName[] {
  return sequenceElements(value, "list of names").map(({ tag, content }) => {
    if (!isKind(tag)) throw new DerError("a name is of no known kind");
    return { type: kinds[tag], value: valueOf(kinds[tag], content) };
  });
}
