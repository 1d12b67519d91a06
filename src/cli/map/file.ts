import { open } from "node:fs/promises";
import { errorText, PodtrustError } from "../../core/base/index.ts";
import { fileCode } from "../../core/files/index.ts";

/** Throws `usage` for an existing file that is not a map, so that no file is overwritten by mistake. */
export async function checkReplaceable(path: string, name: string): Promise<void> {
  let file;
  try {
    file = await open(path);
  } catch (error) {
    if (fileCode(error) === "ENOENT") return;
    throw new PodtrustError("file-unreadable", `${name} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    if (buffer.subarray(0, bytesRead).includes('content="podtrust map"')) return;
  } finally {
    await file.close();
  }
  throw new PodtrustError("usage", `${name} exists, and is not a page of podtrust map`, {
    next: "Name another file with --output, or remove this one.",
  });
}
