import { asPodtrustError } from "../../core/base/index.ts";
import type { BackupTarget, ScheduledBackup } from "../../backup/index.ts";
import { type BackupBucket, type BackupConfig, type Config, publisherOf } from "../../config/index.ts";
import type { BackupStatus, StoreDeps } from "../../publisher/index.ts";

type OpenBucket = (bucket: BackupBucket, issuer: string) => Promise<BackupTarget>;

/** The backups that a publisher's configs ask for. Their writer is loaded only for a config that asks. */
export class Backups {
  readonly #deps: StoreDeps;
  readonly #openBucket: OpenBucket;
  #running: readonly ScheduledBackup[] = [];
  /** Configs whose backups could not be started. */
  #refused: readonly BackupStatus[] = [];

  constructor(deps: StoreDeps, openBucket: OpenBucket) {
    this.#deps = deps;
    this.#openBucket = openBucket;
  }

  get status(): readonly BackupStatus[] {
    return [...this.#refused, ...this.#running.map((one) => one.status)];
  }

  /** Switches to the backups of these configs. Never rejects: documents are served without backups too. */
  async use(configs: readonly Config[]): Promise<void> {
    await this.close();
    const running: ScheduledBackup[] = [];
    const refused: BackupStatus[] = [];
    for (const config of configs) {
      const { backup } = publisherOf(config);
      if (backup === undefined) continue;
      try {
        running.push(await this.#begin(config, backup));
      } catch (error) {
        const { message, code, next } = asPodtrustError(error);
        this.#deps.logger.error(`no backups are written: ${message}`, { code, next });
        const trouble = `No backups are written: ${message}. ${next}`;
        refused.push({ stack: config.stack, dueAt: this.#deps.clock.now(), trouble });
      }
    }
    this.#running = running;
    this.#refused = refused;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((one) => one.close()));
    this.#running = [];
  }

  /** With a key from a file we need no SDK, in any program; else AWS's SDK finds the credentials. */
  async #bucketTarget(bucket: BackupBucket, issuer: string): Promise<BackupTarget> {
    const { credentialsFile } = bucket;
    if (credentialsFile === undefined) return this.#openBucket(bucket, issuer);
    const { openKeyedBucket } = await import("../../providers/backup-bucket/index.ts");
    return openKeyedBucket({ ...bucket, credentialsFile }, { clock: this.#deps.clock });
  }

  async #begin(config: Config, backup: BackupConfig): Promise<ScheduledBackup> {
    const { folderTarget, ScheduledBackup: Scheduled } = await import("../../backup/index.ts");
    const { place: at } = backup;
    const place =
      "s3" in at
        ? await this.#bucketTarget(at.s3, config.issuer)
        : folderTarget(at.folder, {
            keep: at.keep,
            ...(at.otherFileSystem ? { apartFrom: publisherOf(config).stateDir } : {}),
          });
    return new Scheduled({ config, backup, place, deps: this.#deps });
  }
}
