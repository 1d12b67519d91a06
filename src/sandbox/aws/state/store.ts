import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorText, PodtrustError } from "../../../base/index.ts";
import { type Account, emptyAccount, tableNames } from "./account.ts";
import { lockFolder } from "./lock.ts";
import { Table } from "./table.ts";

/** Where an account is kept. */
export interface Store {
  readonly account: Account;
  /** Writes every table that has changed; in memory it does nothing. Calls while one runs wait for it. */
  persist(): Promise<void>;
  /** Lets another process have the folder. */
  close(): Promise<void>;
}

const format = 1;

/** What stands in a table's file. */
interface TableFile {
  readonly format: number;
  readonly account: string;
  readonly records: readonly (readonly [string, unknown])[];
}

function invalid(path: string, what: string, cause?: unknown): PodtrustError {
  return new PodtrustError("sandbox-state-invalid", `${path}: ${what}`, { cause, detail: { path } });
}

function isTableFile(value: unknown): value is TableFile {
  if (typeof value !== "object" || value === null) return false;
  const { account, records } = value as Partial<TableFile>;
  return (
    typeof account === "string" &&
    Array.isArray(records) &&
    records.every(
      (one) =>
        Array.isArray(one) && one.length === 2 && typeof one[0] === "string" && typeof one[1] === "object",
    )
  );
}

async function readTable(path: string, account: string): Promise<TableFile["records"]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new PodtrustError("file-unreadable", `${path} cannot be read: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, "it is not JSON", error);
  }
  if (!isTableFile(value)) throw invalid(path, "it is not a table of the sandbox");
  if (value.format !== format) throw invalid(path, `its format is ${String(value.format)}, not ${format}`);
  if (value.account !== account) throw invalid(path, `it is of account ${value.account}, not ${account}`);
  return value.records;
}

/** Writes a file so that it is there wholly or not at all, readable by its owner only. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new PodtrustError("file-unwritable", `${path} cannot be written: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
}

function textOf(table: Table<unknown>, account: string): string {
  const file: TableFile = { format, account, records: table.entries() };
  return `${JSON.stringify(file, null, 1)}\n`;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    // One that is there keeps its mode: somebody may have named a folder that is not ours alone.
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new PodtrustError("file-unwritable", `${folder} cannot be used: ${errorText(error)}`, {
      cause: error,
      detail: { path: folder },
    });
  }
}

type Tables = readonly (readonly [name: string, path: string, table: Table<unknown>])[];

async function readTables(accountId: string, folder: string): Promise<Tables> {
  return Promise.all(
    tableNames.map(async (name) => {
      const path = join(folder, `${name}.json`);
      return [name, path, new Table(await readTable(path, accountId))] as const;
    }),
  );
}

async function writeTables(tables: Tables, accountId: string): Promise<void> {
  for (const [, path, table] of tables) {
    if (!table.takeDirty()) continue;
    try {
      await writeAtomically(path, textOf(table, accountId));
    } catch (error) {
      table.markDirty();
      throw error;
    }
  }
}

async function openFolder(accountId: string, folder: string): Promise<Store> {
  await makeFolder(folder);
  const unlock = await lockFolder(folder);
  let tables: Tables;
  try {
    tables = await readTables(accountId, folder);
  } catch (error) {
    await unlock();
    throw error;
  }
  const named = Object.fromEntries(tables.map(([name, , table]) => [name, table]));
  let last: Promise<void> = Promise.resolve();
  return {
    account: { id: accountId, ...named } as unknown as Account,
    persist() {
      last = last.catch(() => undefined).then(() => writeTables(tables, accountId));
      return last;
    },
    async close() {
      await last.catch(() => undefined);
      await unlock();
    },
  };
}

/**
 * Opens what is kept of an account: one JSON file a table in `folder`, mode 0600, since secrets stand in them;
 * without a folder all is in memory and ends with the process. One process at a time has a folder.
 */
export async function openStore(accountId: string, folder: string | undefined): Promise<Store> {
  if (folder !== undefined) return openFolder(accountId, folder);
  const done = (): Promise<void> => Promise.resolve();
  return { account: emptyAccount(accountId), persist: done, close: done };
}
