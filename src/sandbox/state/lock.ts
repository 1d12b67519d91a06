import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { errorText, PodtrustError } from "../../base/index.ts";

/** Whether a process of this number is running, whoever owns it. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function ownerOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const pid = Number(text);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new PodtrustError("file-unwritable", `${path} cannot be written: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
}

/**
 * Keeps a folder for this process, so that two sandboxes do not overwrite one another's state; gives what ends
 * that. The lock of a process that is gone is taken over.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "lock");
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (await create(path)) return () => rm(path, { force: true });
    const owner = await ownerOf(path);
    if (owner !== undefined && isRunning(owner)) {
      throw new PodtrustError("sandbox-state-locked", `${folder} is in use by process ${owner}`, {
        detail: { folder, pid: owner },
      });
    }
    await rm(path, { force: true });
  }
  throw new PodtrustError("sandbox-state-locked", `${folder} was taken by another process just now`, {
    detail: { folder },
  });
}
