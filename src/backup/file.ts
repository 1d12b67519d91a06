import { type Audience, decrypt, encrypt, type Opener } from "../core/age/index.ts";
import { type BackupContents, damaged, packed, unpacked } from "./archive/index.ts";

/** The longest file that is read as a backup, in bytes: all that one may hold, encrypted. */
export const maxBackup = 9 * 1024 * 1024;

/** A backup as a file in the age format, for those who may open it. Throws `age-key-invalid`. */
export function sealed(contents: BackupContents, audience: Audience): Promise<Buffer> {
  return encrypt(packed(contents), audience);
}

/** The opposite, all of it or nothing. Throws `age-wrong-key`, `age-damaged`, `backup-damaged`. */
export async function opened(file: Buffer, opener: Opener): Promise<BackupContents> {
  if (file.length > maxBackup) throw damaged(`it is longer than ${maxBackup} bytes`);
  return unpacked(await decrypt(file, opener));
}
