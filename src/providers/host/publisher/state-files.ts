import { defined } from "../../../core/base/index.ts";
import { ownershipComment, type StackOwner } from "../../../rules/plan/index.ts";
import { stepFailure } from "../session.ts";
import { targetText } from "../target.ts";
import { MachineAccountRecords, type RecordsSite } from "./account-records.ts";
import { readScript, removeFileScript, writeScript } from "./account-scripts.ts";
import { unitNames } from "./layout.ts";
import { logScript, restartScript, stopScript } from "./scripts.ts";

const minute = 60_000;

/**
 * Files of the state of a machine's publisher, by their paths in its state folder: read and written as the user whose
 * folder that is, over the connection's streams alone. All throw `ssh-*` and `host-*`.
 */
export class PublisherStateFiles {
  readonly #site: RecordsSite;
  readonly #mark: string;

  constructor(site: RecordsSite, stack: StackOwner) {
    this.#site = site;
    this.#mark = ownershipComment.of(stack);
  }

  async #run(what: string, script: string, stdin?: string): Promise<string> {
    const { session, signal } = this.#site;
    const result = await session.run(script, { timeoutMs: minute, signal, ...defined({ stdin }) });
    if (result.code !== 0) throw stepFailure(session.target, what, result);
    return result.stdout.trim();
  }

  /** The mark of their owner; undefined where neither state nor publisher is marked. */
  async owner(): Promise<string | undefined> {
    return (await new MachineAccountRecords(this.#site, this.#mark).inspect()).owner;
  }

  placeOf(path: string): string {
    const { session, layout } = this.#site;
    return `${targetText(session.target)}: ${path === "" ? layout.state : `${layout.state}/${path}`}`;
  }

  /** The text of a file, of its first mebibyte; undefined where there is none. */
  async read(path: string): Promise<string | undefined> {
    const out = await this.#run("reading the publisher's state", readScript(this.#site.layout, path));
    const [word, text = ""] = out.split(" ");
    return word === "record" ? Buffer.from(text, "base64").toString("utf8") : undefined;
  }

  async #write(path: string, text: string, isNew: boolean): Promise<boolean> {
    const spec = { path, size: Buffer.byteLength(text), mark: this.#mark, isNew };
    const script = writeScript(this.#site.layout, spec);
    return (await this.#run("writing the publisher's state", script, text)) === "written";
  }

  /** In one step, also after a loss of power. */
  async replace(path: string, text: string): Promise<void> {
    await this.#write(path, text, false);
  }

  /** Makes one where there is none; resolves to whether it did. */
  create(path: string, text: string): Promise<boolean> {
    return this.#write(path, text, true);
  }

  async remove(path: string): Promise<void> {
    await this.#run("removing a file of the publisher's state", removeFileScript(this.#site.layout, path));
  }

  /** Stops the service, and resolves to whether there is one. Its sockets stay: clients that connect wait for it. */
  async stop(): Promise<boolean> {
    return (await this.#run("stopping the publisher", stopScript(this.#site.layout))) === "stopped";
  }

  /** Starts the service, and resolves once it says that it is ready. */
  async start(): Promise<void> {
    const { session, signal } = this.#site;
    const result = await session.run(restartScript, { timeoutMs: 2 * minute, signal });
    if (result.code === 0) return;
    const log = await session.run(logScript(unitNames.publisher), { timeoutMs: minute, signal });
    throw stepFailure(session.target, "starting the publisher", {
      ...result,
      stderr: `${result.stderr}\n${log.stdout}`,
    });
  }
}
