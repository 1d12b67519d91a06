import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { PodtrustError } from "../core/base/index.ts";
import type { StateFolder } from "../core/files/index.ts";
import { type Algorithm, algorithms } from "../rules/oidc/index.ts";
import type { OpenedKey, KeyHolder } from "./holder.ts";

/** Bytes of a PEM file with a key: one of 16384 bits has 13 KB. */
export const maxPem = 64 * 1024;

/** Names that a key's file may have. */
export const fileName = /^[A-Za-z0-9_-]{1,128}\.pem$/u;
// With a callback the signature is made beside the event loop.
const signBeside = promisify(sign);

/** A private key of a PEM text. Throws `signer-key-invalid`, which says nothing of the content. */
export function privateKeyOf(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new PodtrustError("signer-key-invalid", `${path} holds no private key that can be read`, { cause });
  }
}

function openedKey(key: KeyObject, alg: Algorithm): OpenedKey {
  const { hash, kty } = algorithms[alg];
  const how = kty === "RSA" ? key : ({ key, dsaEncoding: "ieee-p1363" } as const);
  return { sign: (input) => signBeside(hash, input, how) };
}

/**
 * Private keys in PEM files of the signer's folder, mode 0600, read once. Unencrypted: an attacker who reads
 * them owns the cluster.
 */
export class FileHolder implements KeyHolder {
  readonly scheme = "file";
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** Throws `state-permissions`, `file-unreadable`, `signer-key-source` or `signer-key-invalid`. */
  async open(address: string, alg: Algorithm): Promise<OpenedKey> {
    const path = this.#folder.pathOf(address);
    if (!fileName.test(address))
      throw new PodtrustError("signer-key-source", `${address} is no name of a key's file`);
    const pem = await this.#folder.readSecret(address, maxPem);
    if (pem === undefined) throw new PodtrustError("signer-key-source", `${path} is not there`);
    return openedKey(privateKeyOf(pem, path), alg);
  }
}
