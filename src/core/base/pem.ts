/** PEM of DER (RFC 7468): lines of 64 characters, and a line feed at the end. `label`: `CERTIFICATE`, `PRIVATE KEY`. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/gu) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
