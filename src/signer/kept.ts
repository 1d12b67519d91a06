import { createPublicKey } from "node:crypto";
import { type Clock, isRecord, PodtrustError, textOf } from "../core/base/index.ts";
import { createFile, StateFolder } from "../core/files/index.ts";
import { parseRing, renderRing, type Ring } from "../rules/signer/index.ts";
import { fileName, maxPem, privateKeyOf } from "./file-holder.ts";
import { KeyFolder, listFile, publicPem } from "./key-folder.ts";

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

/**
 * All that a signer's folder holds, as one text of JSON: `ring` is its list of keys, `files` has each private half that is a
 * file there. Undefined where there is no key. Throws `signer-key-source` for a file that is missing, and what reading throws.
 */
export async function keptSigner(path: string, clock: Clock): Promise<string | undefined> {
  const keys = new KeyFolder(path, clock);
  const { folder } = keys;
  const ring = await keys.read();
  if (ring.keys.length === 0) return undefined;
  const files: Record<string, string> = {};
  for (const { name } of heldInFiles(ring)) {
    const pem = await folder.readSecret(name, maxPem);
    if (pem === undefined)
      throw new PodtrustError("signer-key-source", `${folder.pathOf(name)} is not there`);
    files[name] = pem;
  }
  return `${JSON.stringify({ ring: JSON.parse(renderRing(ring)) as unknown, files }, undefined, 2)}\n`;
}

const damaged = (what: string): PodtrustError =>
  new PodtrustError("signer-state", `what was kept of a signer cannot be used: ${what}`);

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
    // It becomes a file's: whoever wrote the backup does not choose where.
    if (!fileName.test(name)) throw damaged(`${JSON.stringify(name)} is no name of a key's file`);
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
