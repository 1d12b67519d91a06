import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type Clock, PodtrustError } from "../core/base/index.ts";
import { StateFolder } from "../core/files/index.ts";
import { kubernetesKid } from "../rules/keys/index.ts";
import type { Algorithm } from "../rules/oidc/index.ts";
import {
  addKey,
  algorithmOf,
  emptyRing,
  exclude,
  keyOf,
  type NewKey,
  parseRing,
  remove,
  renderRing,
  seenPublished,
  type Ring,
  type RingKey,
} from "../rules/signer/index.ts";
import { FileHolder, privateKeyOf } from "./file-holder.ts";

/** The list of keys, in a signer's folder. */
export const listFile = "keys.json";
const lockFile = "keys.lock";
/** Bytes of that list. */
export const maxList = 1024 * 1024;

/** The algorithms that Kubernetes takes of a signer. */
export type KeyType = "RS256" | "ES256" | "ES384" | "ES512";

const curves = { ES256: "P-256", ES384: "P-384", ES512: "P-521" } as const;

/** A kid that Kubernetes derived is a name; a chosen one may be a path. */
const publicFile = (kid: string): string =>
  /^[A-Za-z0-9_-]{1,128}$/u.test(kid)
    ? `${kid}.pub`
    : `${createHash("sha256").update(kid).digest("base64url")}.pub`;

/** The file of a key's public half, and what is in it. */
export function publicPem({ kid, publicKey }: Pick<NewKey, "kid" | "publicKey">): {
  readonly name: string;
  readonly pem: string;
} {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), type: "spki", format: "der" });
  return { name: publicFile(kid), pem: key.export({ type: "spki", format: "pem" }) };
}

/** What is known of a key from its public half, as a key of the ring. Throws `signer-key-invalid`. */
function newKeyOf(key: KeyObject): Omit<NewKey, "holder"> & { readonly alg: Algorithm } {
  const spki = key.export({ type: "spki", format: "der" });
  return { kid: kubernetesKid(key), alg: algorithmOf(spki), publicKey: spki.toString("base64") };
}

/** A private key of this type, PEM, PKCS #8. */
function generated(type: KeyType): string {
  const { privateKey } =
    type === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: curves[type] });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

function publicKeyOfPem(pem: string, path: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new PodtrustError("signer-key-invalid", `${path} holds no key that can be read`, { cause });
  }
}

/** A signer's folder: the list of its keys, and private keys that are held as files. */
export class KeyFolder {
  readonly folder: StateFolder;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock) {
    this.folder = new StateFolder(path);
    this.#clock = clock;
  }

  /** What holds the keys that are files here. */
  get holder(): FileHolder {
    return new FileHolder(this.folder);
  }

  /**
   * The keys as they are listed; an empty ring where nothing is. Throws `state-permissions`, `file-unreadable`,
   * `signer-state`, `signer-key-invalid`.
   */
  async read(): Promise<Ring> {
    const text = await this.folder.read(listFile, maxList);
    return text === undefined ? emptyRing : parseRing(text);
  }

  /** Changes the list, one process at a time. Throws what `read` and `next` throw, and `file-unwritable`. */
  async change(next: (ring: Ring, now: number) => Ring): Promise<Ring> {
    const lock = await this.folder.lock(lockFile, { clock: this.#clock });
    try {
      const ring = next(await this.read(), this.#clock.now());
      await this.folder.replace(listFile, renderRing(ring));
      return ring;
    } finally {
      await lock.release();
    }
  }

  /** Makes a key, as the next, or as the first. Throws what `change` throws. */
  create(type: KeyType): Promise<RingKey> {
    return this.#addPrivate(generated(type), type);
  }

  /**
   * Imports an existing private key, under the kid that Kubernetes gives it: tokens that it signed stay valid.
   * `path` is where it was, for errors. Throws `signer-key-invalid`, and what `change` throws.
   */
  importSigner(pem: string, path: string): Promise<RingKey> {
    return this.#addPrivate(pem, path);
  }

  /** Imports a key that only verifies: the public half, or a private key of which that is kept. Throws the same. */
  async importVerifier(pem: string, path: string): Promise<RingKey> {
    return this.add(newKeyOf(publicKeyOfPem(pem, path)));
  }

  /**
   * Adds a key that is held elsewhere, by its public half: DER SubjectPublicKeyInfo. `holder` is where the private half
   * is, `pkcs11:LABEL`. Throws what `change` throws, and `signer-key-invalid`.
   */
  addHeld(spki: Uint8Array, holder: string): Promise<RingKey> {
    algorithmOf(spki);
    const key = createPublicKey({ key: Buffer.from(spki), type: "spki", format: "der" });
    return this.add({ ...newKeyOf(key), holder });
  }

  /** Adds a key that is held elsewhere, or nowhere. Throws what `change` throws. */
  async add(key: NewKey): Promise<RingKey> {
    const ring = await this.change((before, now) => addKey(before, key, now));
    await this.#writePublic(key);
    return listed(ring, key.kid);
  }

  /** Leaves a previous key out of discovery, or puts it back. Throws what `change` throws. */
  async exclude(kid: string, excluded: boolean): Promise<void> {
    await this.change((ring, now) => exclude(ring, kid, excluded, now));
  }

  /** Remembers when a key was first seen to be published; gives that time. Throws what `change` throws. */
  async seenPublished(kid: string): Promise<number> {
    const ring = await this.change((before, now) => seenPublished(before, kid, now));
    return listed(ring, kid).publishedSince ?? this.#clock.now();
  }

  /** Removes a key, and its file. Throws what `change` throws. */
  async remove(kid: string): Promise<void> {
    let held: string | undefined;
    await this.change((ring, now) => {
      held = keyOf(ring, kid)?.holder;
      return remove(ring, kid, now);
    });
    if (held?.startsWith("file:") === true) await this.folder.remove(held.slice("file:".length));
    await this.folder.remove(publicFile(kid));
  }

  async #addPrivate(pem: string, path: string): Promise<RingKey> {
    const key = privateKeyOf(pem, path);
    const facts = newKeyOf(createPublicKey(key));
    const name = `${facts.kid}.pem`;
    const added = { ...facts, holder: `file:${name}` };
    // Whether it may join is asked before its file is written; only then the list names it.
    addKey(await this.read(), added, this.#clock.now());
    await this.folder.replace(name, key.export({ type: "pkcs8", format: "pem" }));
    return this.add(added);
  }

  /** API servers that go back to files read a public key only as such: it is written beside. */
  async #writePublic(added: NewKey): Promise<void> {
    const { name, pem } = publicPem(added);
    await this.folder.replace(name, pem);
  }
}

function listed(ring: Ring, kid: string): RingKey {
  const key = keyOf(ring, kid);
  if (key === undefined) throw new TypeError(`the key ${kid} is not in the ring`);
  return key;
}
