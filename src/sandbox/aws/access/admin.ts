import { PodtrustError } from "../../../core/base/index.ts";
import { fileCode, readBoundedText, replaceText } from "../../../core/files/index.ts";
import { accessKeyId, secretKey } from "../state/identifier.ts";
import type { AdminAccessKey } from "../state/records.ts";
import type { Account } from "../state/account.ts";

/** The administrator's key of an account: the stored one, or a new one. */
export function adminKey(account: Account, now: number): AdminAccessKey {
  const kept = account.keys.values()[0];
  if (kept !== undefined) return kept;
  const key: AdminAccessKey = { id: accessKeyId("AKIA", account.id), secret: secretKey(), createDate: now };
  account.keys.set(key.id, key);
  return key;
}

const maxFile = 64 * 1024;

// Its first line identifies a file of ours.
const mark = "# Keys of a podtrust sandbox; they are worth nothing at AWS.";

/** Content of an AWS shared-credentials file for a key. */
function credentialsText(key: AdminAccessKey): string {
  return `${mark}\n[default]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`;
}

// Overwriting ~/.aws/credentials would lose real keys.
async function refuseForeignFile(path: string): Promise<void> {
  const before = await readBoundedText(path, maxFile).catch((error: unknown) =>
    fileCode(error) === "ENOENT" ? mark : "",
  );
  if (before.startsWith(mark)) return;
  throw new PodtrustError("file-unwritable", `${path} is there and is not a file of the sandbox's keys`, {
    next: "Name a file of its own for the sandbox's keys.",
    detail: { path },
  });
}

/**
 * Writes the administrator's key as an AWS shared-credentials file, mode 0600; replaces a file that a sandbox wrote
 * before, never another.
 */
export async function writeAdminCredentials(path: string, key: AdminAccessKey): Promise<void> {
  await refuseForeignFile(path);
  await replaceText(path, credentialsText(key));
}
