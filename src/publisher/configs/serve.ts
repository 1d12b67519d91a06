import { errorText } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { OpenedConfigs, type OpenedConfigsDeps } from "./opened.ts";
import type { BackupStatus, Publisher } from "../contract.ts";
import { RunningPublisher } from "../publisher.ts";

export interface ServeOptions extends OpenedConfigsDeps {
  /** One for each issuer. */
  readonly configs: readonly Config[];
  /** Publish what clusters show even if earlier distrusts cannot be read; false by default. */
  readonly acceptKeys?: boolean;
  /** For the configs that ask for backups. */
  readonly backups?: () => readonly BackupStatus[];
}

/** A publisher that follows config files. */
export interface Serving {
  readonly publisher: Publisher;
  /** Switches to other configs; rejects and changes nothing if they are bad. */
  reload(configs: readonly Config[]): Promise<void>;
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves what configs name. Throws what openKubernetes, startPublisher and watchCertificateFiles throw, and
 * `config-without-publisher`.
 */
export async function servePublisher(options: ServeOptions): Promise<Serving> {
  const opened = new OpenedConfigs(options);
  const publisher = new RunningPublisher(options, [opened]);
  const serving: Serving = {
    publisher,
    reload: (configs) => publisher.change(() => opened.optionsFor(configs)),
    async close(graceMs) {
      await publisher.close(graceMs);
      await opened.close();
    },
  };
  try {
    await serving.reload(options.configs);
  } catch (error) {
    await serving.close(0).catch((second: unknown) => options.logger.warn(errorText(second)));
    throw error;
  }
  return serving;
}
