import { basename } from "node:path";
import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../config.ts";
import type { PublisherConfig } from "../publisher/config.ts";

/** The publisher's section; without one the issuer is served elsewhere: throws `config-without-publisher`. */
export function publisherOf(config: Config): PublisherConfig {
  if (config.publisher !== undefined) return config.publisher;
  throw new PodtrustError(
    "config-without-publisher",
    `${basename(config.file)} has no publisher section: ${config.issuer} is served elsewhere`,
    { detail: { file: config.file, stack: config.stack } },
  );
}
