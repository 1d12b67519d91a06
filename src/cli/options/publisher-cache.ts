import { type Config, fetchingParties, publisherOf } from "../../config/index.ts";
import { maxAge } from "../../publisher/index.ts";

/** Milliseconds of Cache-Control; 0 if keys are only uploaded, not published. Throws `config-without-publisher`. */
export function publisherCacheOf(config: Config): number {
  const isUnpublished = config.publisher === undefined && fetchingParties(config).length === 0;
  return isUnpublished ? 0 : maxAge(publisherOf(config).cacheControl);
}
