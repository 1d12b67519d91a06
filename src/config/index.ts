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
export { durationText, parseDuration } from "./duration.ts";
export { configJsonSchema } from "./json-schema.ts";
export { listenText, parseListen } from "./listen.ts";
export { loadConfig, parseConfig, publisherOf } from "./load.ts";
export type { Environment } from "./places.ts";
export type { ConfigProblem } from "./problem.ts";
export type { S3Keys } from "./s3-place.ts";
