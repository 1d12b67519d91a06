import { asPodtrustError, errorText, PodtrustError } from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { emptyState, type SourceState } from "./state.ts";
import { readState, type Restored, stateText } from "./stored-state.ts";

/** Where an issuer's last good documents survive a restart, and where replicas tell each other of them. */
export interface DocumentStore {
  /** For sentences. */
  readonly place: string;
  /** Never throws: what cannot be read is reported and started without. */
  load(): Promise<Restored>;
  /**
   * Gives what is kept now: with others who share the store, what all of them know. Throws `file-unwritable`,
   * `state-permissions` or what the cluster's API throws; what was there before is then still there.
   */
  save(state: SourceState): Promise<SourceState>;
  /** Calls back when another replica has saved, and gives the function that ends that; absent where none can. */
  onChange?(listener: () => void): () => void;
}

/** The documents of `issuer` as the file `STACK.json` in a folder that only we may enter. */
export function documentStore(path: string, stack: string, issuer: string): DocumentStore {
  const folder = new StateFolder(path);
  const name = `${stack}.json`;
  return {
    place: folder.pathOf(name),
    async load() {
      let text: string | undefined;
      try {
        text = await folder.read(name);
      } catch (thrown) {
        const warning = `What the disk holds is not used: ${errorText(thrown)}`;
        return { state: emptyState, warning, empty: true };
      }
      if (text === undefined) return { state: emptyState, empty: true };
      try {
        return readState(text, issuer, "disk");
      } catch (thrown) {
        const aside = `${name}.damaged`;
        await folder.rename(name, aside).catch(() => {});
        return {
          state: emptyState,
          empty: true,
          warning: `${folder.pathOf(name)} is damaged (${errorText(thrown)}) and was set aside as ${folder.pathOf(aside)}; distrust again what it held as distrusted.`,
        };
      }
    },
    async save(state) {
      try {
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
