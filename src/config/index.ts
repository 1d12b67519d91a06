export type {
  AcmeAuthority,
  AcmeConfig,
  AwsConfig,
  ClusterSource,
  Config,
  EabConfig,
  ListenAddress,
  PublisherConfig,
  RoleConfig,
  S3Config,
  ServeConfig,
} from "./config.ts";
export { durationText, parseDuration } from "./forms/duration.ts";
export { configJsonSchema } from "./json-schema.ts";
export { listenText, parseListen } from "./forms/listen.ts";
export { loadConfig, parseConfig, publisherOf } from "./load.ts";
export type { Environment } from "./places.ts";
export type { ConfigProblem } from "./mistakes/problem.ts";
export type { S3Keys } from "./publisher/s3-place.ts";
