import { createPublicKey } from "node:crypto";
import { isRecord, PodtrustError, textOf } from "../core/base/index.ts";
import { createFile, StateFolder } from "../core/files/index.ts";
import { parseRing, renderRing, type Ring } from "../rules/signer/index.ts";
import { fileName, maxPem, privateKeyOf } from "./file-holder.ts";
import { listFile, maxList, publicPem } from "./key-folder.ts";

/** A signer's keys: their list, and the private halves that were files, by their names. */
interface KeptSigner {
  readonly ring: Ring;
  readonly files: Readonly<Record<string, string>>;
}

const fileOf = (holder: string | undefined): string | undefined =>
  holder?.startsWith("file:") === true ? holder.slice("file:".length) : undefined;

/** Each key that is a file, with that file's name. */
function heldInFiles({ keys }: Ring): readonly { readonly name: string; readonly publicKey: string }[] {
  return keys.flatMap(({ holder, publicKey }) => {
    const name = fileOf(holder);
    return name === undefined ? [] : [{ name, publicKey }];
  });
}

/** The files of a signer's folder, here or on another machine. */
export interface SignerFiles {
  /** Where a file is, for sentences. */
  pathOf(name: string): string;
  /** The text of a file of at most `maxBytes` bytes; undefined where there is none. */
  read(name: string, maxBytes: number): Promise<string | undefined>;
}

/** Those of a folder of this machine: private halves that other users may read are refused (`state-permissions`). */
export function signerFolder(path: string): SignerFiles {
  const folder = new StateFolder(path);
  return {
    pathOf: (name) => folder.pathOf(name),
    read: (name, maxBytes) =>
      name === listFile ? folder.read(name, maxBytes) : folder.readSecret(name, maxBytes),
  };
}

const damaged = (what: string): PodtrustError =>
  new PodtrustError("signer-state", `what was kept of a signer cannot be used: ${what}`);

/** It becomes a file's name, and is untrusted. */
function checkName(name: string): void {
  if (!fileName.test(name)) throw damaged(`${JSON.stringify(name)} is no name of a key's file`);
}

/**
 * All that a signer's folder holds, as one text of JSON: `ring` is its list of keys, `files` has each private half that is a
 * file there, each proven to belong to its key. Undefined where there is no key. Throws `signer-key-source` for a file that is
 * missing, `signer-state`, `signer-key-invalid`, and what reading throws.
 */
export async function keptSigner(from: SignerFiles): Promise<string | undefined> {
  const list = await from.read(listFile, maxList);
  const ring = list === undefined ? undefined : parseRing(list);
  if (ring === undefined || ring.keys.length === 0) return undefined;
  const files: Record<string, string> = {};
  for (const { name } of heldInFiles(ring)) {
    checkName(name);
    const pem = await from.read(name, maxPem);
    if (pem === undefined) throw new PodtrustError("signer-key-source", `${from.pathOf(name)} is not there`);
    files[name] = pem;
  }
  const kept = { ring: JSON.parse(renderRing(ring)) as unknown, files };
  const text = `${JSON.stringify(kept, undefined, 2)}\n`;
  readKeptSigner(text);
  return text;
}

/**
 * Reads what `keptSigner` gave: each private half is there and belongs to the key of the list, and there is no other. Throws
 * `signer-state`, `signer-key-invalid`.
 */
export function readKeptSigner(text: string): KeptSigner {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("it is not JSON");
  }
  if (!isRecord(value) || !isRecord(value["files"])) throw damaged("it has no list and no files");
  const ring = parseRing(JSON.stringify(value["ring"]));
  const given = value["files"];
  const files: Record<string, string> = {};
  for (const { name, publicKey } of heldInFiles(ring)) {
    checkName(name);
    const pem = textOf(given[name]);
    if (pem === undefined) throw damaged(`the private half ${name} is missing`);
    const found = createPublicKey(privateKeyOf(pem, name)).export({ type: "spki", format: "der" });
    if (found.toString("base64") !== publicKey) throw damaged(`${name} is not the key that the list names`);
    files[name] = pem;
  }
  const other = Object.keys(given).find((name) => files[name] === undefined);
  if (other !== undefined)
    throw damaged(`it has a file that the list does not name: ${JSON.stringify(other)}`);
  return { ring, files };
}

/**
 * Writes it as a signer's folder, which has nothing yet: the list last, so that what was cut off is no signer's. Throws
 * `file-unwritable`, `state-permissions`.
 */
export async function writeKeptSigner(path: string, { ring, files }: KeptSigner): Promise<void> {
  const folder = new StateFolder(path);
  await folder.makePrivate();
  for (const [name, pem] of Object.entries(files)) await createFile(folder.pathOf(name), pem);
  for (const key of ring.keys) {
    const { name, pem } = publicPem(key);
    await createFile(folder.pathOf(name), pem);
  }
  await createFile(folder.pathOf(listFile), renderRing(ring));
}

/** The keys of a list whose private halves are elsewhere: in an HSM or a KMS, where no backup has them. */
export function heldElsewhere({ keys }: Ring): readonly { readonly kid: string; readonly holder: string }[] {
  return keys.flatMap(({ kid, holder }) =>
    holder === undefined || fileOf(holder) !== undefined ? [] : [{ kid, holder }],
  );
}

/** What is kept of one signer, and where that is, for sentences. */
interface KeptAt {
  readonly where: string;
  readonly text: string;
}

const kidsOf = ({ ring }: KeptSigner): readonly string[] => ring.keys.map(({ kid }) => kid);

/**
 * Of the signers of one cluster the one that has every key of the others, and each private half that is a file at one of
 * them: they may be in the middle of a change. Undefined where there is none at all. Throws `signer-state`.
 */
export function fullestSigner(all: readonly KeptAt[]): string | undefined {
  const read = all.map(({ where, text }) => ({ where, text, kept: readKeptSigner(text) }));
  const kids = new Set(read.flatMap(({ kept }) => kidsOf(kept)));
  const files = new Set(read.flatMap(({ kept }) => Object.keys(kept.files)));
  const full = read.find(
    ({ kept }) => kidsOf(kept).length === kids.size && Object.keys(kept.files).length === files.size,
  );
  if (full !== undefined || read.length === 0) return full?.text;
  const each = read.map(({ where, kept }) => `${where} has ${kidsOf(kept).join(", ")}`);
  throw new PodtrustError("signer-state", `the signers have different keys: ${each.join("; ")}`, {
    next: "Bring each key to every control plane: podtrust signer import KID.pem. Then back up again.",
  });
}
