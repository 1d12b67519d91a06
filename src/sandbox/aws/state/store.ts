import { isRecord, PodtrustError, systemClock } from "../../../core/base/index.ts";
import { type FileLock, StateFolder } from "../../../core/files/index.ts";
import { type Account, emptyAccount, tableNames } from "./account.ts";
import { Table } from "./table.ts";

/** Where an account is stored. */
export interface Store {
  readonly account: Account;
  /** Writes every changed table; does nothing in memory. Calls during a write wait for it. */
  persist(): Promise<void>;
  /** Releases the folder for other processes. */
  close(): Promise<void>;
}

const format = 2;

/** The content of a table's file. */
interface TableFile {
  readonly format: number;
  readonly account: string;
  readonly records: readonly (readonly [string, unknown])[];
}

function invalid(path: string, what: string, cause?: unknown): PodtrustError {
  return new PodtrustError("sandbox-state-invalid", `${path}: ${what}`, { cause, detail: { path } });
}

function isTableFile(value: unknown): value is TableFile {
  if (!isRecord(value)) return false;
  const { account, records } = value;
  return (
    typeof account === "string" &&
    Array.isArray(records) &&
    records.every(
      (one) =>
        Array.isArray(one) && one.length === 2 && typeof one[0] === "string" && typeof one[1] === "object",
    )
  );
}

// An account with every quota used up is smaller.
const maxTable = 256 * 1024 * 1024;

async function readTable(folder: StateFolder, file: string, account: string): Promise<TableFile["records"]> {
  const path = folder.pathOf(file);
  const text = await folder.read(file, maxTable);
  if (text === undefined) return [];
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

function textOf(table: Table<unknown>, account: string): string {
  const file: TableFile = { format, account, records: table.entries() };
  return `${JSON.stringify(file, null, 1)}\n`;
}

type Tables = readonly (readonly [name: string, file: string, table: Table<unknown>])[];

async function readTables(accountId: string, folder: StateFolder): Promise<Tables> {
  return Promise.all(
    tableNames.map(async (name) => {
      const file = `${name}.json`;
      return [name, file, new Table(await readTable(folder, file, accountId))] as const;
    }),
  );
}

async function writeTables(tables: Tables, folder: StateFolder, accountId: string): Promise<void> {
  for (const [, file, table] of tables) {
    if (!table.takeDirty()) continue;
    try {
      await folder.replace(file, textOf(table, accountId));
    } catch (error) {
      table.markDirty();
      throw error;
    }
  }
}

/** Locks a folder for this process, so that two sandboxes do not overwrite each other's state. */
function lockFolder(folder: StateFolder): Promise<FileLock> {
  return folder.lock("lock", {
    clock: systemClock,
    busy: ({ pid }) =>
      new PodtrustError("sandbox-state-locked", `${folder.path} is in use by process ${pid}`, {
        detail: { folder: folder.path, pid },
      }),
  });
}

async function openFolder(accountId: string, path: string): Promise<Store> {
  const folder = new StateFolder(path);
  const lock = await lockFolder(folder);
  let tables: Tables;
  try {
    tables = await readTables(accountId, folder);
  } catch (error) {
    await lock.release();
    throw error;
  }
  const named = Object.fromEntries(tables.map(([name, , table]) => [name, table]));
  let last: Promise<void> = Promise.resolve();
  return {
    account: { id: accountId, ...named } as unknown as Account,
    persist() {
      last = last.catch(() => undefined).then(() => writeTables(tables, folder, accountId));
      return last;
    },
    async close() {
      await last.catch(() => undefined);
      await lock.release();
    },
  };
}

/**
 * Opens the stored state of an account: one JSON file per table in `folder`, mode 0600, since they hold secrets;
 * without a folder all is in memory and ends with the process. A folder belongs to one process at a time.
 */
export async function openStore(accountId: string, folder: string | undefined): Promise<Store> {
  if (folder !== undefined) return openFolder(accountId, folder);
  const done = (): Promise<void> => Promise.resolve();
  return { account: emptyAccount(accountId), persist: done, close: done };
}
