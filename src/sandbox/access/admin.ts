import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { errorText, PodtrustError } from "../../base/index.ts";
import { type AccessKey, type Account, secretKey, uniqueId } from "../state/index.ts";

/** The administrator's key of an account: the one that is kept, or a new one. */
export function adminKey(account: Account, now: number): AccessKey {
  const kept = account.keys.values()[0];
  if (kept !== undefined) return kept;
  const key: AccessKey = { id: uniqueId("AKIA"), secret: secretKey(), createDate: now };
  account.keys.set(key.id, key);
  return key;
}

/** What an AWS shared-credentials file holds for a key. */
function credentialsText(key: AccessKey): string {
  return `[default]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`;
}

/** Writes the administrator's key as an AWS shared-credentials file, mode 0600, in place of what was there. */
export async function writeAdminCredentials(path: string, key: AccessKey): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(credentialsText(key));
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new PodtrustError("file-unwritable", `${path} cannot be written: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
}
