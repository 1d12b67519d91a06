import { createHash } from "node:crypto";
import { isoTime, isRecord, recordOf, textOf } from "../../core/base/index.ts";
import { type ArchiveBounds, type ArchiveFile, damaged, readArchive, writeArchive } from "./tar.ts";

/** What a backup is of. */
export type BackupKind = "publisher" | "signing";

const mebibyte = 1024 * 1024;
const kibibyte = 1024;

/** The file that says what the others are. */
const manifestName = "backup.json";

/**
 * The files that a backup of a kind may have, beside backup.json, and how long each may be in bytes. A name is never a
 * path: what happens to a file is decided by its name here, and by nothing in the archive.
 */
const filesOfKind = {
  publisher: {
    "documents.json": mebibyte,
    "accounts.json": mebibyte,
    "certificates.json": 2 * mebibyte,
    "rotation.json": mebibyte,
    "signature.json": kibibyte,
  },
  signing: {
    "service.key": 64 * kibibyte,
    "k3s-token": 4 * kibibyte,
    "login-key": 16 * kibibyte,
    "login-key.pub": 16 * kibibyte,
    "known-hosts": 64 * kibibyte,
    "signer.json": mebibyte,
  },
} as const satisfies Record<BackupKind, ArchiveBounds>;

/** A name of such a file. */
export type BackupFile = keyof (typeof filesOfKind)["publisher"] | keyof (typeof filesOfKind)["signing"];

/** The longest that a backup may be, decrypted, in bytes. */
const maxArchive = 8 * mebibyte;

const format = 1;
const maxManifest = 64 * kibibyte;
// No clock is that far ahead.
const maxTime = Date.UTC(9999, 0);

/** A backup's label. */
export interface BackupLabel {
  readonly kind: BackupKind;
  readonly stack: string;
  readonly issuer: string;
  /** Milliseconds since the epoch, by the clock of the machine that wrote it. */
  readonly madeAt: number;
}

/** A backup, open. */
export interface BackupContents extends BackupLabel {
  readonly files: ReadonlyMap<BackupFile, Buffer>;
}

const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

function manifestOf(label: BackupLabel, files: readonly ArchiveFile[]): ArchiveFile {
  const { kind, stack, issuer, madeAt } = label;
  const sums = Object.fromEntries(files.map(({ name, content }) => [name, sha256(content)]));
  const manifest = { format, kind, stack, issuer, madeAt: isoTime(madeAt), sha256: sums };
  return { name: manifestName, content: Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`) };
}

/** The bytes of a backup, not encrypted yet: a tar archive whose first file says what the others are. */
export function packed({ files, ...label }: BackupContents): Buffer {
  const allowed = filesOfKind[label.kind];
  const listed = [...files].map(([name, content]) => ({ name, content }));
  const wrong = listed.find(({ name }) => !Object.hasOwn(allowed, name));
  if (wrong !== undefined) throw new TypeError(`a backup of ${label.kind} has no ${wrong.name}`);
  return writeArchive([manifestOf(label, listed), ...listed], Math.floor(label.madeAt / 1000));
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    throw damaged(`${manifestName} is not JSON`);
  }
}

/** Reads backup.json. Throws `backup-damaged`. */
function labelOf(content: Buffer): BackupLabel & { readonly sums: Readonly<Record<string, unknown>> } {
  const manifest = parsed(content);
  if (!isRecord(manifest) || manifest["format"] !== format)
    throw damaged(`${manifestName} is not of format ${format}`);
  const { kind, sha256: sums } = manifest;
  if (kind !== "publisher" && kind !== "signing")
    throw damaged(`${manifestName} names no kind that is known`);
  const [stack, issuer] = [textOf(manifest["stack"]), textOf(manifest["issuer"])];
  const madeAt = Date.parse(textOf(manifest["madeAt"]) ?? "");
  if (stack === undefined || issuer === undefined || !(madeAt > 0 && madeAt < maxTime))
    throw damaged(`${manifestName} does not say of which stack and when it was made`);
  return { kind, stack, issuer, madeAt, sums: recordOf(sums) };
}

function everyName(): ArchiveBounds {
  return { [manifestName]: maxManifest, ...filesOfKind.publisher, ...filesOfKind.signing };
}

/** The opposite of `packed`. Throws `backup-damaged` for anything that `packed` does not write. */
export function unpacked(archive: Buffer): BackupContents {
  if (archive.length > maxArchive) throw damaged(`it is longer than ${maxArchive} bytes`);
  const found = readArchive(archive, everyName());
  const [first] = found.keys();
  const manifest = found.get(manifestName);
  if (manifest === undefined || first !== manifestName)
    throw damaged(`its first file is not ${manifestName}`);
  const { sums, ...label } = labelOf(manifest);
  const allowed = filesOfKind[label.kind];
  const files = new Map<BackupFile, Buffer>();
  for (const [name, content] of found) {
    if (name === manifestName) continue;
    if (!Object.hasOwn(allowed, name)) throw damaged(`a backup of ${label.kind} has no ${name}`);
    if (sums[name] !== sha256(content)) throw damaged(`${name} is not the one that ${manifestName} names`);
    files.set(name as BackupFile, content);
  }
  const missing = Object.keys(sums).find((name) => !found.has(name));
  if (missing !== undefined) throw damaged(`a file is missing that ${manifestName} names`);
  return { ...label, files };
}
