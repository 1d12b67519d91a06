export { catalogue, type CatalogueEntry, type ErrorCode } from "./catalogue/index.ts";
export { isTexts, type JsonRecord, isRecord, recordOf, recordsOf, textOf, textsOf } from "./record.ts";
export { base64urlJson, textOfBase64 } from "./base64.ts";
export { type Environment, type Setting, setting, settings } from "./environment.ts";
export {
  durationText,
  isoBasic,
  isoDay,
  isoSeconds,
  isoTime,
  lengthText,
  parseDuration,
} from "./time-text.ts";
export { ChildAbort } from "./child-abort.ts";
export { backoffDelay } from "./backoff.ts";
export { collectBytes } from "./collect.ts";
export { type Clock, epochSeconds, systemClock } from "./clock.ts";
export { defined, mapped } from "./defined.ts";
export {
  asPodtrustError,
  errorFromJson,
  type ErrorOptions,
  errorText,
  PodtrustError,
  withNextStep,
} from "./errors.ts";
export { hostName, hostNameOf } from "./host-name.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export { retry, type RetryOptions, type RetrySchedule } from "./retry.ts";
export { lineSplitter } from "./line-splitter.ts";
export { type PersonProgram, programEnvironment } from "./program-environment.ts";
export { type Link, links } from "./links.ts";
export { mapLimit } from "./map-limit.ts";
export { shellWord } from "./shell-word.ts";
export { partitionOf } from "./partition.ts";
export { nearest } from "./nearest.ts";
export { TimeLimit } from "./time-limit.ts";
export { delayAfter, type Readiness, until, type UntilOptions } from "./until.ts";
export { Waiters } from "./waiters.ts";
export { foldTagKey, foldTagKeyCel, mergeTags, sameTagKey, sameTagKeyCel, tagValue } from "./tag-key.ts";
export { SharedAnswers } from "./shared-answers.ts";
export { SharedWork } from "./shared-work.ts";
export { pemOf } from "./pem.ts";
