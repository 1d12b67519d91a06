import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { PodtrustError } from "../base/index.ts";
import { bech32, unBech32 } from "./bech32.ts";

const keyBytes = 32;
const recipientPrefix = "age";
const identityPrefix = "age-secret-key-";

// What stands before the 32 bytes in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410).
const privateStart = Buffer.from("302e020100300506032b656e04220420", "hex");
const publicStart = Buffer.from("302a300506032b656e032100", "hex");

/** The X25519 private key of an identity, or one that is used once. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** Its public key, 32 bytes. */
  readonly share: Buffer;
}

function privateKeyOf(key: KeyObject): PrivateKey {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { key, share: spki.subarray(publicStart.length) };
}

/** A new random private key. */
export function freshKey(): PrivateKey {
  return privateKeyOf(generateKeyPairSync("x25519").privateKey);
}

/**
 * The shared secret of two keys (RFC 7748), 32 bytes. Throws for a public key of low order, which makes it predictable.
 */
export function sharedSecret({ key }: PrivateKey, share: Uint8Array): Buffer {
  const der = Buffer.concat([publicStart, share]);
  return diffieHellman({
    privateKey: key,
    publicKey: createPublicKey({ key: der, format: "der", type: "spki" }),
  });
}

function invalid(what: string): PodtrustError {
  return new PodtrustError("age-key-invalid", what);
}

/** The public key in a recipient's text (`age1…`), 32 bytes. Throws `age-key-invalid`. */
export function readRecipient(text: string): Buffer {
  const bytes = unBech32(recipientPrefix, text);
  if (bytes?.length === keyBytes) return bytes;
  if (text.toLowerCase().startsWith(identityPrefix))
    throw invalid("an identity (AGE-SECRET-KEY-1…) was given as the recipient: it is the secret half");
  throw invalid(`${JSON.stringify(text.slice(0, 80))} is no age recipient for X25519`);
}

/** The private key in an identity's text (`AGE-SECRET-KEY-1…`). Throws `age-key-invalid`, which does not name the text. */
function readIdentity(text: string): PrivateKey {
  const bytes = unBech32(identityPrefix, text);
  if (bytes?.length !== keyBytes) throw invalid("a line of the identity file is no X25519 identity");
  const der = Buffer.concat([privateStart, bytes]);
  return privateKeyOf(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

/** The identities of a file as age-keygen writes it: one a line, comments begin with `#`. Throws `age-key-invalid`. */
export function readIdentities(text: string): readonly PrivateKey[] {
  const lines = text.split("\n").map((line) => line.trim());
  const found = lines.filter((line) => line !== "" && !line.startsWith("#")).map(readIdentity);
  if (found.length === 0) throw invalid("the identity file has no identity");
  return found;
}

/** The recipient of an identity, as text. */
export function recipientOf({ share }: PrivateKey): string {
  return bech32(recipientPrefix, share);
}

/** A new identity, as text and with its recipient. */
export function newIdentity(): { readonly identity: string; readonly recipient: string } {
  const fresh = freshKey();
  const secret = fresh.key.export({ format: "der", type: "pkcs8" }).subarray(privateStart.length);
  return { identity: bech32(identityPrefix, secret).toUpperCase(), recipient: recipientOf(fresh) };
}
