/** The JSON of a value in base64url, as the parts of a JWT are written (RFC 7515 §2). */
export function base64urlJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** The text (UTF-8) that stands in base64. */
export function textOfBase64(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
