import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { errorText, PodtrustError } from "../../../base/index.ts";

/** The locks that this process holds, by what stands in them. */
const held = new Set<string>();

/** Whether a process of this number is running, whoever owns it. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The process that holds a lock with this text, where there is one. */
function holderOf(text: string): number | undefined {
  const pid = Number(text.split(" ", 1)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // Our own number on a lock that is not ours: of a predecessor, as in a container where everybody is 1.
  const alive = pid === process.pid ? held.has(text) : isRunning(pid);
  return alive ? pid : undefined;
}

function code(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Makes the lock in one step, its text included; false when somebody has it. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: "wx", mode: 0o600 });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (code(error) === "EEXIST") return false;
    throw new PodtrustError("file-unwritable", `${path} cannot be written: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Takes a dead holder's lock away; one that somebody else has made in the meantime is put back. */
async function clear(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== dead) await link(aside, path);
  } catch (error) {
    if (code(error) !== "ENOENT" && code(error) !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function release(path: string, text: string): Promise<void> {
  held.delete(text);
  if ((await readFile(path, "utf8").catch(() => "")) === text) await rm(path, { force: true });
}

/**
 * Keeps a folder for this process, so that two sandboxes do not overwrite one another's state; gives what ends
 * that. The lock of a process that is gone is taken over.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "lock");
  const text = `${process.pid} ${randomUUID()}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    held.add(text);
    if (await create(path, text)) return () => release(path, text);
    held.delete(text);
    const seen = await readFile(path, "utf8").catch(() => "");
    const pid = holderOf(seen);
    if (pid !== undefined) {
      throw new PodtrustError("sandbox-state-locked", `${folder} is in use by process ${pid}`, {
        detail: { folder, pid },
      });
    }
    await clear(path, seen);
  }
  throw new PodtrustError("sandbox-state-locked", `${folder} was taken by another process just now`, {
    detail: { folder },
  });
}
