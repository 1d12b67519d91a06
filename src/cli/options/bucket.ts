import { accessOf, type AwsAccess, openS3Documents } from "../../providers/aws/index.ts";
import { type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, loadConfig, publisherOf, type S3Config } from "../../config/index.ts";
import type { DocumentTarget } from "../../publisher/index.ts";

/** As whom, and where, the bucket of a config is asked. */
export function s3Access(config: S3Config, clock: Clock): AwsAccess {
  const { endpoint } = config;
  return { ...accessOf(config, clock), ...defined({ s3Endpoint: endpoint }) };
}

/** Opens the bucket of a config as a place to publish in. */
export function openTarget(config: S3Config, clock: Clock): DocumentTarget {
  return openS3Documents(config, s3Access(config, clock));
}

/** The s3 section of a config file; throws `config-without-s3`. */
export async function loadS3(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly config: Config; readonly s3: S3Config }> {
  const config = await loadConfig(file, env);
  const { serve } = publisherOf(config);
  if (serve.kind === "s3") return { config, s3: serve };
  throw new PodtrustError("config-without-s3", `${config.file} does not publish to S3`);
}
