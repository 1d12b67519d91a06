import { PodtrustError } from "../../core/base/index.ts";
import { openedWith, readIdentities } from "../../core/age/index.ts";
import { type BackupContents, maxBackup, opened } from "../../backup/index.ts";
import { readBounded } from "../../core/files/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { errorText } from "../../core/base/index.ts";
import type { CommandContext } from "../context.ts";
import { askPassphrase } from "./passphrase.ts";

/** What opens a backup. */
export interface IdentityOptions {
  readonly identity?: string;
}

async function bytesOf(context: CommandContext, name: string): Promise<Buffer> {
  try {
    return await readBounded(context.path(name), maxBackup);
  } catch (cause) {
    throw new PodtrustError("file-unreadable", `${name}: ${errorText(cause)}`, { cause });
  }
}

/** Opens a backup's file. Throws `file-unreadable`, `age-*` and `backup-damaged`. */
export async function openFile(
  context: CommandContext,
  name: string,
  { identity }: IdentityOptions,
): Promise<BackupContents> {
  const file = await bytesOf(context, name);
  if (openedWith(file) === "passphrase") return opened(file, { passphrase: await askPassphrase(context) });
  if (identity === undefined)
    throw new PodtrustError("usage", "nothing was given that opens the backup", {
      next: "Give --identity FILE.",
    });
  const text = await readTextFile(context, {
    option: "--identity",
    name: identity,
    credential: "age-identity",
  });
  return opened(file, { identities: readIdentities(text) });
}
