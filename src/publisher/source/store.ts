import { asPodtrustError, errorText, PodtrustError } from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { emptyState, type SourceState } from "./state.ts";
import { readState, type Restored, stateText } from "./stored-state.ts";

/** Where an issuer's last good documents survive a restart, and where replicas exchange them. */
export interface DocumentStore {
  /** For sentences. */
  readonly place: string;
  /** Never throws: what cannot be read is reported as `unread`. */
  load(): Promise<Restored>;
  /**
   * Returns what is now stored: in a shared store, the combined knowledge of all replicas. Throws `file-unwritable`,
   * `state-permissions` or what the cluster's API throws; what was there before is then still there.
   */
  save(state: SourceState): Promise<SourceState>;
  /** Calls back when another replica has saved; returns the function that ends that. Absent if none can. */
  onChange?(listener: () => void): () => void;
  /** How many texts were found beside the documents that no replica wrote. Absent where there is nothing beside them. */
  forgedBeside?(): number;
  /** What the last load or save lacked to prove or believe what stands there, in a sentence. */
  lacking?(): string | undefined;
}

/** A folder of texts. */
export type DocumentFolder = Pick<StateFolder, "pathOf" | "read" | "replace" | "rename">;

/** The documents of `issuer` in a folder that only this user may enter: `documentStoreIn`. */
export function documentStore(path: string, stack: string, issuer: string): DocumentStore {
  return documentStoreIn(new StateFolder(path), stack, issuer);
}

/**
 * The documents of `issuer` as the file `STACK.json` in a folder. An unreadable file stays there, so that the next read
 * finds the same; the first save moves a damaged file to `STACK.json.damaged`.
 */
export function documentStoreIn(folder: DocumentFolder, stack: string, issuer: string): DocumentStore {
  const name = `${stack}.json`;
  const aside = `${name}.damaged`;
  let isDamaged = false;
  return {
    place: folder.pathOf(name),
    async load() {
      let text: string | undefined;
      try {
        text = await folder.read(name);
      } catch (thrown) {
        const unread = `${errorText(thrown)}.`;
        const warning = `What the disk holds is not used: ${unread}`;
        return { state: emptyState, warning, unread, empty: true };
      }
      isDamaged = false;
      if (text === undefined) return { state: emptyState, empty: true };
      try {
        return readState(text, issuer, "disk");
      } catch (thrown) {
        isDamaged = true;
        const unread = `${folder.pathOf(name)} is damaged (${errorText(thrown)}).`;
        const warning = `${unread} It is set aside as ${folder.pathOf(aside)} by whatever is written next; distrust again what it held as distrusted.`;
        return { state: emptyState, warning, unread, empty: true };
      }
    },
    async save(state) {
      try {
        if (isDamaged) await folder.rename(name, aside);
        isDamaged = false;
        await folder.replace(name, stateText(state, issuer));
        return state;
      } catch (cause) {
        const { code, next } = asPodtrustError(cause);
        const sentence = `the last good documents could not be written: ${errorText(cause)}`;
        throw new PodtrustError(code, sentence, { cause, next, detail: { path: folder.pathOf(name) } });
      }
    },
  };
}
