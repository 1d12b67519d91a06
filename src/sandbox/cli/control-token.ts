import { PodtrustError } from "../../core/base/index.ts";
import { fileCode, readBoundedText, replaceText } from "../../core/files/index.ts";

/** The format of a file with a control token, generated or given. */
const form = /^[\w-]{32,200}\n?$/u;

/**
 * Writes the token of a sandbox's control API into a file, mode 0600; replaces a file that a sandbox wrote before,
 * never another. Throws `file-unwritable`.
 */
export async function writeControlToken(path: string, token: string): Promise<void> {
  const before = await readBoundedText(path, 1024).catch((error: unknown) =>
    fileCode(error) === "ENOENT" ? undefined : "",
  );
  // A token of ours is recognized by its form; another file named by mistake must not be lost.
  if (before !== undefined && !form.test(before)) {
    throw new PodtrustError("file-unwritable", `${path} is there and is not a file of a control token`, {
      next: "Name a file of its own for the control token.",
      detail: { path },
    });
  }
  await replaceText(path, `${token}\n`);
}
