import { createCipheriv, createHmac, randomBytes } from "node:crypto";

/** A SecureString as it looks without decryption. */
export type Seal = (name: string, version: number, value: string) => string;

/**
 * Encrypted with a key that is stored nowhere: AES-256-GCM, base64. The nonce comes from name, version and value, so
 * that two reads give the same text and no two different values share one.
 */
export function createSeal(): Seal {
  const key = randomBytes(32);
  return (name, version, value) => {
    const bound = JSON.stringify([name, version]);
    const nonce = createHmac("sha256", key)
      .update(JSON.stringify([bound, value]))
      .digest()
      .subarray(0, 12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(bound));
    const body = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64");
  };
}
