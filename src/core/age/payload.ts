import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { damaged } from "./header.ts";

const chunk = 64 * 1024;
const tag = 16;
const nonceBytes = 16;
const cipher = "chacha20-poly1305";

/** Encrypts and authenticates; gives the ciphertext with its tag. */
export function seal(key: Buffer, nonce: Buffer, plain: Uint8Array): Buffer {
  const one = createCipheriv(cipher, key, nonce, { authTagLength: tag });
  return Buffer.concat([one.update(plain), one.final(), one.getAuthTag()]);
}

/** The opposite; undefined where the key or a bit differs. */
export function unseal(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < tag) return undefined;
  const one = createDecipheriv(cipher, key, nonce, { authTagLength: tag });
  one.setAuthTag(sealed.subarray(-tag));
  try {
    return Buffer.concat([one.update(sealed.subarray(0, -tag)), one.final()]);
  } catch {
    return undefined;
  }
}

/** HKDF with SHA-256 (RFC 5869): 32 bytes. */
export function derived(secret: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, info, 32));
}

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** The payload, in chunks that say which is the last, so that a file that was cut off is invalid. */
export function sealPayload(fileKey: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const key = derived(fileKey, nonce, "payload");
  const count = Math.max(1, Math.ceil(plain.length / chunk));
  const chunks = Array.from({ length: count }, (_, index) =>
    seal(key, nonceOf(index, index === count - 1), plain.subarray(index * chunk, (index + 1) * chunk)),
  );
  return Buffer.concat([nonce, ...chunks]);
}

/** The opposite. Throws `age-damaged`. */
export function openPayload(fileKey: Buffer, payload: Buffer): Buffer {
  const sealed = payload.subarray(nonceBytes);
  if (sealed.length < tag) throw damaged("it ends too early");
  const key = derived(fileKey, payload.subarray(0, nonceBytes), "payload");
  const count = Math.ceil(sealed.length / (chunk + tag));
  const chunks = Array.from({ length: count }, (_, index) => {
    const part = sealed.subarray(index * (chunk + tag), (index + 1) * (chunk + tag));
    const plain = unseal(key, nonceOf(index, index === count - 1), part);
    if (plain === undefined) throw damaged("it was changed or cut off");
    // An empty chunk after full ones would be a second spelling of the same file.
    if (plain.length === 0 && index > 0) throw damaged("its last part is empty");
    return plain;
  });
  return Buffer.concat(chunks);
}
