import { basename } from "node:path";
import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../config.ts";
import type { PublisherConfig } from "./config.ts";

/** The publisher's section; a config without one means that somebody else serves the issuer: `config-without-publisher`. */
export function publisherOf(config: Config): PublisherConfig {
  if (config.publisher !== undefined) return config.publisher;
  throw new PodtrustError(
    "config-without-publisher",
    `${basename(config.file)} has no publisher section: ${config.issuer} is served by somebody else`,
    { detail: { file: config.file, stack: config.stack } },
  );
}
