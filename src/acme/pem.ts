import { KeyObject, type webcrypto } from "node:crypto";

/** A private key in PKCS #8 PEM: a secret. */
export function privateKeyPem(key: KeyObject | webcrypto.CryptoKey): string {
  const object = key instanceof KeyObject ? key : KeyObject.from(key);
  return object.export({ type: "pkcs8", format: "pem" });
}
