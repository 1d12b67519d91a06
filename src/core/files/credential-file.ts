import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { type CredentialFileName, fileRuleOf } from "../credentials/index.ts";
import { openToRead } from "./bounded.ts";
import { machineFiles } from "./machine.ts";
import { type OpenedText, openedText } from "./opened.ts";
import { checkFolder, checkOwnership, checkReaders, isExposed } from "./ownership.ts";

/**
 * A file with a credential, judged by its row of the table before any of it is used. It is opened once, so what was judged
 * is what was read. Throws what node:fs throws, a RangeError for a longer file, and `state-permissions` for a private one
 * that others may read or write.
 */
export async function readCredentialFile(name: CredentialFileName, path: string): Promise<OpenedText> {
  const { check, maxBytes } = fileRuleOf(name);
  if (check === "private") await checkFolder(machineFiles, dirname(path));
  const file = await openToRead(path);
  try {
    if (check === "private") {
      const facts = await file.stat();
      if (!facts.isFile()) throw new Error("it is no regular file");
      checkOwnership(path, facts, "a file with a credential");
      checkReaders(path, facts);
    }
    return await openedText(file, path, maxBytes);
  } finally {
    await file.close();
  }
}

/** Whether others than its intended readers can read a file that is there; false where it cannot be looked at. */
export function isExposedFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => isExposed(facts, process.geteuid?.() ?? 0),
    () => false,
  );
}
