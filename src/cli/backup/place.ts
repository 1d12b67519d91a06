import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";

/**
 * Throws `backup-on-machine` where the config's publisher runs on a machine that podtrust sets up: its state is there, and what
 * is read or written here would be another folder.
 */
export async function checkPublisherIsHere(config: Config): Promise<void> {
  const { publisherOnMachine } = await import("../../stack/index.ts");
  if (publisherOnMachine(config) === undefined) return;
  throw new PodtrustError(
    "backup-on-machine",
    `the publisher of ${config.stack} is on the machine of ${config.file}: what it keeps is there, and podtrust neither saves nor restores it from here`,
  );
}
