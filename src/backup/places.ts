import { readdir } from "node:fs/promises";
import type { BackupKind } from "./archive/index.ts";
import { fileCode, StateFolder } from "../core/files/index.ts";

/** Where backups are put. */
export interface BackupPlace {
  /** For sentences. */
  readonly name: string;
  /** Puts one there in one step, and nothing in the place of another. */
  put(file: string, content: Buffer, signal: AbortSignal): Promise<void>;
  /** When the newest one was made, milliseconds since the epoch; undefined where there is none, or nobody may look. */
  newest?(stack: string): Promise<number | undefined>;
  /** Takes the oldest ones away. */
  prune?(stack: string): Promise<void>;
  close?(): void;
}

const kind: BackupKind = "publisher";

/** A file's name: whose, what of it, and when, so that names sort by time. */
export function backupName({
  stack,
  kind: of,
  madeAt,
}: {
  readonly stack: string;
  readonly kind: BackupKind;
  readonly madeAt: number;
}): string {
  return `${stack}-${of}-${new Date(madeAt).toISOString().replaceAll(":", "").replace(".", "")}.age`;
}

const timeForm = /^(\d{4}-\d{2}-\d{2}T)(\d{2})(\d{2})(\d{2})(\d{3})Z\.age$/u;

/** When the backup of a name was made; undefined for a name that is none of this stack's. */
function timeOf(name: string, stack: string): number | undefined {
  const start = `${stack}-${kind}-`;
  const found = name.startsWith(start) ? timeForm.exec(name.slice(start.length)) : null;
  if (found === null) return undefined;
  const [, date, hour, minute, second, ms] = found;
  const at = Date.parse(`${date}${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** A folder of the publisher's, in which the newest `keep` of a stack stay. */
export function folderPlace(path: string, keep: number): BackupPlace {
  const folder = new StateFolder(path);
  const names = async (stack: string): Promise<readonly string[]> => {
    await folder.check();
    try {
      const all = await readdir(folder.path);
      return all.filter((name) => timeOf(name, stack) !== undefined).sort();
    } catch (error) {
      if (fileCode(error) === "ENOENT") return [];
      throw error;
    }
  };
  return {
    name: folder.path,
    async put(file, content) {
      await folder.create(file, content);
    },
    newest: async (stack) => timeOf((await names(stack)).at(-1) ?? "", stack),
    async prune(stack) {
      for (const name of (await names(stack)).slice(0, -keep)) await folder.remove(name);
    },
  };
}
