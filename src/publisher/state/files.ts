import type { StateFolder } from "../../core/files/index.ts";
import type { RecordName, StoreRecords } from "../../providers/tls/index.ts";
import type { DocumentFolder } from "../source/store.ts";

/** The file in a state directory that marks an unfinished restore. */
export const restoreMarker = "restoring.json";

/** A publisher's state on another machine, by the paths of files in its state directory. */
export interface PublisherFiles {
  /** Where a file is, or the directory for an empty path, for sentences. */
  placeOf(path: string): string;
  /** Undefined if there is none. */
  read(path: string): Promise<string | undefined>;
  /** Atomic, even across a loss of power. */
  replace(path: string, text: string): Promise<void>;
  /** Creates it if it does not exist; resolves to whether it did. */
  create(path: string, text: string): Promise<boolean>;
  remove(path: string): Promise<void>;
  /** Stops the publisher there; resolves to whether there is one. */
  stop(): Promise<boolean>;
  start(): Promise<void>;
}

/** A state directory, as far as a restore itself reads and writes it. */
export type StateFolderFiles = Pick<
  StateFolder,
  "path" | "pathOf" | "read" | "readSecret" | "create" | "replace" | "remove"
>;

/** A folder of such files. */
export function folderOfFiles(files: PublisherFiles, path = ""): StateFolderFiles & DocumentFolder {
  const at = (name: string): string => (path === "" ? name : `${path}/${name}`);
  return {
    path: files.placeOf(path),
    pathOf: (name) => files.placeOf(at(name)),
    read: (name) => files.read(at(name)),
    readSecret: (name) => files.read(at(name)),
    create: (name, text) => files.create(at(name), text.toString()),
    replace: (name, text) => files.replace(at(name), text),
    remove: (name) => files.remove(at(name)),
    async rename(from, to) {
      const text = await files.read(at(from));
      if (text === undefined) return;
      await files.replace(at(to), text);
      await files.remove(at(from));
    },
  };
}

/**
 * Certificates and accounts in such files, in a folder laid out like `fileStore`. Nothing is ordered with them: there
 * is no lock.
 */
export function recordsOfFiles(files: PublisherFiles, path: string): StoreRecords {
  const at = ({ kind, name }: RecordName): string => `${path}/${kind}/${name}`;
  return {
    placeOf: (record) => files.placeOf(at(record)),
    read: (record) => files.read(at(record)),
    async replace(record, text, { replaces }) {
      const stored = replaces === undefined ? undefined : await files.read(at(record));
      if (replaces?.(stored) === false) return false;
      if (replaces !== undefined && stored === undefined) return files.create(at(record), text);
      await files.replace(at(record), text);
      return true;
    },
    lock: () => Promise.reject(new TypeError("what is kept on another machine has no lock here")),
  };
}

/**
 * Works while no publisher uses such files, and starts it afterwards. A connection to its sockets would start it too
 * early: it does not start while the mark of a restore is there. A failure leaves the mark and the stopped publisher,
 * since it is unknown how much was written.
 */
export async function whileStoppedThere<Result>(
  files: PublisherFiles,
  work: () => Promise<Result>,
): Promise<Result> {
  await files.replace(restoreMarker, "{}\n");
  const isThere = await files.stop();
  const result = await work();
  await files.remove(restoreMarker);
  if (isThere) await files.start();
  return result;
}
