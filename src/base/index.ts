export { readBoundedText } from "./bounded-file.ts";
export { catalogue, type CatalogueEntry, type ErrorCode } from "./catalogue/index.ts";
export { type Clock, epochSeconds, systemClock } from "./clock.ts";
export { asPodtrustError, type ErrorOptions, errorText, PodtrustError } from "./errors.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export { nextDelay, retry, type RetryOptions, type RetrySchedule } from "./retry.ts";
export { type Link, links } from "./links.ts";
export { mapLimit } from "./map-limit.ts";
export { nearest } from "./nearest.ts";
