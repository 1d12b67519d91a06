import { createPublicKey } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import { parseJwkSet, publicJwk, type PublicJwk } from "../../rules/keys/index.ts";

// An RSA key of 16,384 bits, the largest that is read, has 2,900 characters.
const maxPem = 4096;

function keyOf(pem: string): PublicJwk | undefined {
  if (pem.length > maxPem || /PRIVATE/u.test(pem)) return undefined;
  try {
    // By the reader of all other keys, which refuses those with which anyone could sign.
    const [key] = parseJwkSet(Buffer.from(JSON.stringify({ keys: [publicJwk(createPublicKey(pem))] }))).keys;
    return key;
  } catch {
    return undefined;
  }
}

/**
 * A public half, PEM, that a person hands over by its ID, which is the hash of it: whoever brings it changes nothing. Throws
 * `publisher-key-differs` for any other, and for what is no public key.
 */
export function handedKey(kid: string, pem: string): PublicJwk {
  const key = keyOf(pem);
  if (key?.kid === kid) return key;
  const what =
    key === undefined ? "what was handed over is no public key in PEM" : `it is the key ${key.kid}`;
  throw new PodtrustError("publisher-key-differs", `${JSON.stringify(kid)}: ${what}`, { detail: { kid } });
}
