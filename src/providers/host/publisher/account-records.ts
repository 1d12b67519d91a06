import { defined, mapped, textOfBase64 } from "../../../core/base/index.ts";
import { type SshSession, stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { accountsFolder, type HostLayout } from "./layout.ts";
import { deleteScript, inspectScript, readScript, writeScript } from "./account-scripts.ts";

const minute = 60_000;

/** What a write depends on: asked with the present text. */
interface Conditions {
  readonly replaces?: (stored: string | undefined) => boolean;
}

/** The machine whose publisher has the records, and the mark of their owner. */
export interface RecordsSite {
  readonly session: SshSession;
  readonly layout: HostLayout;
  readonly signal: AbortSignal;
}

type RecordName = Readonly<{ name: string }>;

/** Records as they were found; undefined where there is none. */
export interface ObservedRecords {
  placeOf(record: RecordName): string;
  read(record: RecordName): Promise<string | undefined>;
}

/** The accounts found on a machine. */
export interface ObservedAccounts {
  /** What marks them, or else the publisher. */
  readonly owner?: string;
  /** A record or their mark exists. */
  readonly isThere: boolean;
  readonly records: ObservedRecords;
}

const recordPath = (name: string): string => `${accountsFolder}/${name}`;

/**
 * Records of the accounts of a machine's publisher, in the folder in which it looks for them: read and written as the
 * user whose folder that is, since what runs as that user could lead root elsewhere by a link. Their texts go over the
 * connection's streams alone: no list of processes shows them.
 */
export class MachineAccountRecords {
  readonly #site: RecordsSite;
  readonly #mark: string;

  /** `mark`: the mark that comes with the first record. */
  constructor(site: RecordsSite, mark: string) {
    this.#site = site;
    this.#mark = mark;
  }

  async #run(what: string, script: string, stdin?: string): Promise<string> {
    const { session, signal } = this.#site;
    const options = { timeoutMs: minute, signal, ...defined({ stdin }) };
    const result = await session.run(script, options);
    if (result.code !== 0) throw stepFailure(session.target, what, result);
    return result.stdout.trim();
  }

  /** Reads everything in one call. */
  async inspect(): Promise<ObservedAccounts> {
    const out = await this.#run("looking at the publisher's accounts", inspectScript(this.#site.layout));
    const lines = out.split("\n").map((line) => line.split(" "));
    const texts = new Map(
      lines.flatMap(([word, name = "", text = ""]) =>
        word === "record" ? [[name, textOfBase64(text)]] : [],
      ),
    );
    const owner = lines.find(([word]) => word === "owner")?.[1];
    return {
      isThere: texts.size > 0 || lines.some(([word]) => word === "marked"),
      ...defined({ owner: mapped(owner, (base64) => textOfBase64(base64).trim()) }),
      records: {
        placeOf: (record) => this.placeOf(record),
        read: ({ name }) => Promise.resolve(texts.get(name)),
      },
    };
  }

  placeOf({ name }: RecordName): string {
    const { session, layout } = this.#site;
    return `${targetText(session.target)}: ${layout.accounts}/${name}`;
  }

  /** Undefined where there is none. */
  async read({ name }: RecordName): Promise<string | undefined> {
    const { layout } = this.#site;
    const out = await this.#run("reading the publisher's account", readScript(layout, recordPath(name)));
    const [word, text = ""] = out.split(" ");
    return word === "record" ? textOfBase64(text) : undefined;
  }

  /** Writes one whole or not at all; resolves to whether `replaces` let it. Throws `host-*`, `ssh-*`. */
  async replace(record: RecordName, text: string, { replaces }: Conditions): Promise<boolean> {
    const site = this.#site;
    const what = "keeping the publisher's account on the machine";
    const write = (isNew: boolean): Promise<string> => {
      const spec = { path: recordPath(record.name), size: Buffer.byteLength(text), mark: this.#mark, isNew };
      return this.#run(what, writeScript(site.layout, spec), text);
    };
    for (;;) {
      // Where there is one, or one came meanwhile, `replaces` is asked about it.
      if (replaces?.(undefined) === true && (await write(true)) === "written") return true;
      const stored = replaces === undefined ? undefined : await this.read(record);
      if (replaces?.(stored) === false) return false;
      if (replaces !== undefined && stored === undefined) continue;
      await write(false);
      return true;
    }
  }

  /** Removes all of them, and their mark. */
  async delete(): Promise<void> {
    await this.#run("removing the publisher's accounts", deleteScript(this.#site.layout));
  }
}
