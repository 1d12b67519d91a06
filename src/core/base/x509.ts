import { randomBytes } from "node:crypto";

/** PEM of DER (RFC 7468): lines of 64 characters, and a line feed at the end. `label`: `CERTIFICATE`, `PRIVATE KEY`. */
export function pemOf(label: string, der: ArrayBuffer | Uint8Array): string {
  const bytes = der instanceof Uint8Array ? Buffer.from(der) : Buffer.from(der);
  const lines = bytes.toString("base64").match(/.{1,64}/gu) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** A serial number of 16 octets (RFC 5280 §4.1.2.2): random, positive, and with a first octet that DER adds none to. */
export function newSerialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}
