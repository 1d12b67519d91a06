import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { BackupKind } from "./archive/index.ts";
import { isoTime, PodtrustError } from "../core/base/index.ts";
import { fileCode, StateFolder } from "../core/files/index.ts";

/** Where backups are put. */
export interface BackupTarget {
  /** For sentences. */
  readonly name: string;
  /** Stores one in one step, and never replaces another. */
  put(file: string, content: Buffer, signal: AbortSignal): Promise<void>;
  /** When the newest one was made, milliseconds since the epoch; undefined if there is none, or it may not be listed. */
  newest?(stack: string): Promise<number | undefined>;
  /** Deletes the oldest ones. */
  prune?(stack: string): Promise<void>;
  close?(): void;
}

const kind: BackupKind = "publisher";

/** A file's name: stack, kind and time, so that names sort by time. */
export function backupName({
  stack,
  kind: of,
  madeAt,
}: {
  readonly stack: string;
  readonly kind: BackupKind;
  readonly madeAt: number;
}): string {
  return `${stack}-${of}-${isoTime(madeAt).replaceAll(":", "").replace(".", "")}.age`;
}

const timeForm = /^(\d{4}-\d{2}-\d{2}T)(\d{2})(\d{2})(\d{2})(\d{3})Z\.age$/u;

/** When the backup of a name was made; undefined for a name that is not this stack's. */
function timeOf(name: string, stack: string): number | undefined {
  const start = `${stack}-${kind}-`;
  const found = name.startsWith(start) ? timeForm.exec(name.slice(start.length)) : null;
  if (found === null) return undefined;
  const [, date, hour, minute, second, ms] = found;
  const at = Date.parse(`${date}${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** The device of a folder's file system; undefined if it does not exist. */
async function deviceOf(path: string): Promise<number | undefined> {
  try {
    const facts = await stat(path);
    return facts.isDirectory() ? facts.dev : undefined;
  } catch (error) {
    if (fileCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The same of the nearest existing folder above a path. */
async function nearestDevice(path: string): Promise<number | undefined> {
  const above = dirname(path);
  return (await deviceOf(path)) ?? (above === path ? undefined : nearestDevice(above));
}

/** Throws `backup-folder` where a folder is gone, or on one file system with what is backed up. */
async function checkApart(folder: string, from: string): Promise<void> {
  const device = await deviceOf(folder);
  const detail = { folder, stateDir: from };
  if (device === undefined) {
    const sentence = `the folder ${folder} is not there: the file system that it lies on is not mounted`;
    throw new PodtrustError("backup-folder", sentence, { detail });
  }
  if (device !== (await nearestDevice(from))) return;
  const sentence = `${folder} lies on the file system of ${from}, and would be lost with it`;
  throw new PodtrustError("backup-folder", sentence, { detail });
}

export interface FolderOptions {
  /** How many of a stack's stay. */
  readonly keep: number;
  /** A folder on whose file system it may not be; it must then exist already. */
  readonly apartFrom?: string;
}

/**
 * A folder of the publisher's, in which the newest `keep` of a stack stay. All but its name throw `backup-folder` where it is
 * to lie apart and does not: also one that did a moment ago.
 */
export function folderTarget(path: string, { keep, apartFrom }: FolderOptions): BackupTarget {
  const folder = new StateFolder(path);
  const check = async (): Promise<void> => {
    if (apartFrom !== undefined) await checkApart(folder.path, apartFrom);
  };
  const names = async (stack: string): Promise<readonly string[]> => {
    await check();
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
      await check();
      await folder.create(file, content);
    },
    newest: async (stack) => timeOf((await names(stack)).at(-1) ?? "", stack),
    async prune(stack) {
      for (const name of (await names(stack)).slice(0, -keep)) await folder.remove(name);
    },
  };
}
