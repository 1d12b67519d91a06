import { createPublicKey, verify } from "node:crypto";
import { PodtrustError } from "../core/base/index.ts";
import { type Algorithm, algorithms } from "../rules/oidc/index.ts";
import type { RingKey } from "../rules/signer/index.ts";

/** A private key that its holder opened. */
export interface OpenedKey {
  /**
   * The signature of some bytes as JWS has it (RFC 7518 §3.3, §3.4): PKCS #1 v1.5 for RSA, R and S side by side for ECDSA.
   * Throws `signer-key-source`.
   */
  sign(input: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** What holds private keys: a folder, an HSM, a service. */
export interface KeyHolder {
  /** What its URIs begin with, up to the colon. */
  readonly scheme: string;
  /** `address` is what follows the colon. Throws `signer-key-source` or what reading its files throws. */
  open(address: string, alg: Algorithm, signal: AbortSignal): Promise<OpenedKey>;
  /** Gives back what it has open. */
  close?(): Promise<void>;
}

// No JWT begins like this.
const probe = Buffer.from("podtrust asks whether this key signs");

const isSignedBy = ({ alg, publicKey }: RingKey, signature: Uint8Array): boolean => {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), type: "spki", format: "der" });
  return verify(algorithms[alg].hash, probe, { key, dsaEncoding: "ieee-p1363" }, signature);
};

/**
 * Opens the private half of a key, and proves that it belongs to the public half. Throws `signer-key-source`,
 * and what reading files throws.
 */
export async function openKey(
  holders: readonly KeyHolder[],
  key: RingKey,
  signal: AbortSignal,
): Promise<OpenedKey> {
  const { holder = "", kid } = key;
  const at = holder.indexOf(":");
  const found = holders.find(({ scheme }) => scheme === holder.slice(0, at));
  if (found === undefined) {
    const known = holders.map(({ scheme }) => scheme).join(", ");
    throw new PodtrustError(
      "signer-key-source",
      `the key ${kid} is held by ${holder}, and this program knows ${known} alone`,
      { detail: { kid, holder } },
    );
  }
  const opened = await found.open(holder.slice(at + 1), key.alg, signal);
  if (isSignedBy(key, await opened.sign(probe, signal))) return opened;
  throw new PodtrustError("signer-key-source", `what ${holder} signs does not verify by the key ${kid}`, {
    next: "The private key there is another one: import the right one, or restore keys.json.",
    detail: { kid, holder },
  });
}
