import { PodtrustError } from "../../../core/base/index.ts";
import { fileCode, readBoundedText, replaceText } from "../../../core/files/index.ts";
import { accessKeyId, type AdminAccessKey, type Account, secretKey } from "../state/index.ts";

/** The administrator's key of an account: the one that is kept, or a new one. */
export function adminKey(account: Account, now: number): AdminAccessKey {
  const kept = account.keys.values()[0];
  if (kept !== undefined) return kept;
  const key: AdminAccessKey = { id: accessKeyId("AKIA", account.id), secret: secretKey(), createDate: now };
  account.keys.set(key.id, key);
  return key;
}

const maxFile = 64 * 1024;

// By its first line we know a file of our own again.
const mark = "# Keys of a podtrust sandbox; they are worth nothing at AWS.";

/** What an AWS shared-credentials file holds for a key. */
function credentialsText(key: AdminAccessKey): string {
  return `${mark}\n[default]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`;
}

// Somebody who names ~/.aws/credentials would lose real keys.
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
 * Writes the administrator's key as an AWS shared-credentials file, mode 0600; in place of one that a sandbox
 * wrote before, never of another file.
 */
export async function writeAdminCredentials(path: string, key: AdminAccessKey): Promise<void> {
  await refuseForeignFile(path);
  await replaceText(path, credentialsText(key));
}
