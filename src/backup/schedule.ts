import { createHash } from "node:crypto";
import { asPodtrustError, type Clock, defined, type Logger } from "../core/base/index.ts";
import { readRecipient } from "../core/age/index.ts";
import type { BackupConfig, Config } from "../config/index.ts";
import type { BackupStatus, StoreDeps } from "../publisher/index.ts";
import { sealed } from "./file.ts";
import { backupName, type BackupTarget } from "./targets.ts";
import { publisherContents, publisherSigner } from "./publisher-file.ts";
import { signedBackup } from "./signature.ts";

/** How often it checks whether a key or an account has changed; also the retry interval after a failure. */
const lookEvery = 60_000;

export interface ScheduleOptions {
  readonly config: Config;
  readonly backup: BackupConfig;
  readonly place: BackupTarget;
  readonly deps: StoreDeps;
}

interface Documents {
  readonly changedAt?: number;
  readonly keys?: readonly {
    readonly jwk: unknown;
    readonly distrustedAt?: number;
    readonly takenBack?: number;
  }[];
}

function documentsOf(files: ReadonlyMap<string, Buffer>): Documents {
  return JSON.parse(files.get("documents.json")?.toString("utf8") ?? "{}") as Documents;
}

/** The parts of a state whose change makes a backup due: times of sightings do not. */
function mattersOf(files: ReadonlyMap<string, Buffer>): string {
  const { keys = [] } = documentsOf(files);
  const known = keys.map(({ jwk, distrustedAt, takenBack }) => [jwk, distrustedAt, takenBack]);
  const rest = [...files]
    .filter(([name]) => name !== "documents.json")
    .map(([, content]) => content.toString());
  return createHash("sha256")
    .update(JSON.stringify([known, rest]))
    .digest("hex");
}

/** Backs one stack's publisher up until it is closed: when a key, an account or the certificate changes, and once in a while. */
export class ScheduledBackup {
  readonly #options: ScheduleOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #trouble: string | undefined;
  #writtenAt: number | undefined;
  /** When the next is to be written, by `elapsed`. */
  #due: number;

  /** Throws `age-key-invalid` for an invalid recipient. */
  constructor(options: ScheduleOptions) {
    for (const recipient of options.backup.recipients) readRecipient(recipient);
    this.#options = options;
    const { logger, clock } = options.deps;
    this.#logger = logger.child({ stack: options.config.stack });
    this.#clock = clock;
    this.#due = this.#clock.elapsed();
    this.#running = this.#run(this.#ending.signal);
  }

  get status(): BackupStatus {
    const { stack } = this.#options.config;
    const dueAt = this.#clock.now() + this.#due - this.#clock.elapsed();
    return { stack, dueAt, ...defined({ writtenAt: this.#writtenAt, trouble: this.#trouble }) };
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error("the publisher is ending"));
    await this.#running;
    this.#options.place.close?.();
  }

  /** When the newest backup was made, as far as that can be seen. */
  async #newest(): Promise<number | undefined> {
    const { place, config } = this.#options;
    return place.newest?.(config.stack).catch(() => undefined);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { every } = this.#options.backup;
    const newest = await this.#newest();
    const age = newest === undefined ? every : Math.max(0, this.#clock.now() - newest);
    this.#writtenAt = newest;
    this.#due = this.#clock.elapsed() + every - age;
    let saved: string | undefined;
    while (!signal.aborted) {
      try {
        const { config, deps } = this.#options;
        const contents = await publisherContents(config, deps);
        const matters = mattersOf(contents.files);
        // At the start the backup there is counts, unless keys have changed since.
        const { changedAt = 0 } = documentsOf(contents.files);
        const isChanged = saved === undefined ? changedAt > (this.#writtenAt ?? 0) : saved !== matters;
        if (isChanged || this.#clock.elapsed() >= this.#due) await this.#write(contents, signal);
        saved = matters;
      } catch (thrown) {
        if (signal.aborted) return;
        this.#failed(thrown);
      }
      await this.#clock.sleep(lookEvery, signal).catch(() => {});
    }
  }

  async #write(contents: Awaited<ReturnType<typeof publisherContents>>, signal: AbortSignal): Promise<void> {
    const { backup, place, config, deps } = this.#options;
    const file = backupName(contents);
    const signer = await publisherSigner(config, deps);
    const signed = signer === undefined ? contents : signedBackup(contents, signer);
    await place.put(file, await sealed(signed, { recipients: backup.recipients }), signal);
    await place.prune?.(contents.stack);
    this.#trouble = undefined;
    this.#writtenAt = this.#clock.now();
    this.#due = this.#clock.elapsed() + backup.every;
    this.#logger.info("a backup was written", { place: place.name, file, ...defined({ by: signer?.name }) });
  }

  #failed(thrown: unknown): void {
    const { code, message, next } = asPodtrustError(thrown);
    // Before its first documents a publisher has nothing to lose.
    if (code === "backup-empty") return;
    const trouble = `No backup could be written to ${this.#options.place.name}: ${message}`;
    if (trouble !== this.#trouble) this.#logger.error(trouble, { code, next });
    this.#trouble = trouble;
  }
}
