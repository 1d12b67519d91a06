import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { isoTime, isRecord, PodtrustError } from "../core/base/index.ts";
import type { StateFolderFiles } from "../publisher/index.ts";
import type { BackupContents } from "./archive/index.ts";

/** The file of a backup that has its signature. */
const signatureFile = "signature.json";
const format = 1;
const maxPem = 4096;
/** In the publisher's state folder. */
const keyFile = "backup-signing-key.pem";
const form = /^ed25519:[A-Za-z0-9_-]{43}$/u;

/** What signs the backups of a publisher. */
export interface BackupSigner {
  /** Its public half as a config names it: `ed25519:` and 32 bytes in base64url. */
  readonly name: string;
  sign(statement: Buffer): Buffer;
}

/** Who vouches for a backup. */
export type BackupSignature =
  | { readonly is: "signed"; readonly by: string }
  /** By a key that the config does not name. */
  | { readonly is: "foreign"; readonly by: string }
  /** It is not of this content. */
  | { readonly is: "broken"; readonly by: string }
  /** There is none that can be read. */
  | { readonly is: "absent" };

const nameOf = (key: KeyObject): string =>
  `ed25519:${createPublicKey(key).export({ format: "jwk" }).x ?? ""}`;

const keyOf = (name: string): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: name.slice("ed25519:".length) }, format: "jwk" });

/** A signer by its private half, PEM. Throws `file-unreadable` for anything but an Ed25519 key. */
export function signerOf(pem: string, place: string): BackupSigner {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The error would quote the file.
  }
  if (key?.asymmetricKeyType !== "ed25519")
    throw new PodtrustError("file-unreadable", `${place}: it is no Ed25519 key in PEM`, {
      next: "Delete it: another is made. Put the line that is printed then into the config.",
    });
  return signerWith(key);
}

function signerWith(key: KeyObject): BackupSigner {
  return { name: nameOf(key), sign: (statement) => sign(null, statement, key) };
}

// RFC 8410, section 7: PrivateKeyInfo of Ed25519, without the 32 bytes of the key that follow.
const ed25519Start = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The signer of replicas, derived from the key that proves what they share (HKDF-SHA256, RFC 5869): nothing more is kept, and whoever
 * may write their Secret, and has their token, does not have it.
 */
export function signerOfStoreKey(storeKey: string): BackupSigner {
  const seed = hkdfSync("sha256", storeKey, "", `podtrust-backup-signer-${format}`, 32);
  const key = Buffer.concat([ed25519Start, Buffer.from(seed)]);
  return signerWith(createPrivateKey({ key, format: "der", type: "pkcs8" }));
}

function newPem(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
}

/** The signer of a publisher, whose key is made in its state folder at the first use. Throws what the folder does. */
export async function signerIn(folder: StateFolderFiles): Promise<BackupSigner> {
  const place = folder.pathOf(keyFile);
  const there = await folder.readSecret(keyFile, maxPem);
  if (there !== undefined) return signerOf(there, place);
  // Another process may be faster: what stands there counts.
  await folder.create(keyFile, newPem());
  return signerOf((await folder.readSecret(keyFile, maxPem)) ?? "", place);
}

/**
 * Exactly what is signed: a JSON array without spaces of the format, the kind, the stack, the issuer, the time that it was made at, and
 * name and SHA-256 of each other file, by name. Two backups with the same statement are the same backup.
 */
export function backupStatement({ kind, stack, issuer, madeAt, files }: BackupContents): Buffer {
  const sums = [...files]
    .filter(([name]) => name !== signatureFile)
    .map(([name, content]) => [name, createHash("sha256").update(content).digest("hex")])
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return Buffer.from(
    JSON.stringify([`podtrust-backup-${format}`, kind, stack, issuer, isoTime(madeAt), sums]),
  );
}

/** The same backup with a signature over all of it. Signature: Ed25519 (RFC 8032), in base64url. */
export function signedBackup(contents: BackupContents, signer: BackupSigner): BackupContents {
  const signature = signer.sign(backupStatement(contents)).toString("base64url");
  const text = `${JSON.stringify({ format, by: signer.name, signature })}\n`;
  return { ...contents, files: new Map([...contents.files, [signatureFile, Buffer.from(text)]]) };
}

function partsOf(text: string): { readonly by: string; readonly signature: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value["format"] !== format) return undefined;
    const { by, signature } = value;
    return typeof by === "string" && form.test(by) && typeof signature === "string"
      ? { by, signature }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Who vouches for a backup, by the public halves that a config names. */
export function signatureOf(contents: BackupContents, signers: readonly string[]): BackupSignature {
  const parts = partsOf(contents.files.get(signatureFile)?.toString("utf8") ?? "");
  if (parts === undefined) return { is: "absent" };
  const { by, signature } = parts;
  if (!signers.includes(by)) return { is: "foreign", by };
  const isGood = verify(null, backupStatement(contents), keyOf(by), Buffer.from(signature, "base64url"));
  return { is: isGood ? "signed" : "broken", by };
}
