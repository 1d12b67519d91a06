import type { KeyObject } from "node:crypto";

/** A private key in PKCS #8 PEM: a secret. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}
