import { accessOf, type AwsAccess, openBackupBucket, openS3Documents } from "../../providers/aws/index.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { BackupTarget } from "../../backup/index.ts";
import {
  type BackupBucket,
  type Config,
  loadConfig,
  publisherOf,
  type S3Config,
} from "../../config/index.ts";
import { credentialVariable } from "../../core/credentials/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";
import type { DocumentTarget } from "../../publisher/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { CommandContext } from "../context.ts";
import { consentOf } from "./consent.ts";

/** Credentials and region for the bucket of a config. */
export function s3Access(config: S3Config | BackupBucket, context: CommandContext): AwsAccess {
  const { endpoint } = config;
  const consenting = { env: context.env, consent: consentOf(context) };
  return { ...accessOf(config, context.clock), consenting, ...defined({ s3Endpoint: endpoint }) };
}

/** Opens the bucket of a config as a place to publish in. */
export function openTarget(config: S3Config, context: CommandContext): DocumentTarget {
  return openS3Documents(config, s3Access(config, context));
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

/**
 * Throws `backup-credentials` where the SDK would get its credentials by a token of the issuer itself:
 * without the issuer no backup could be written, and anyone who can sign tokens could write them.
 */
async function refuseOwnIssuer(
  issuer: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const file = credentialVariable(env, "aws", "AWS_WEB_IDENTITY_TOKEN_FILE")?.value;
  if (file === undefined) return;
  let iss: unknown;
  try {
    iss = parseJws((await readCredentialFile("aws", file)).text.trim()).claims["iss"];
  } catch {
    // What cannot be read is reported by the SDK.
    return;
  }
  if (iss !== issuer) return;
  throw new PodtrustError(
    "backup-credentials",
    `AWS_WEB_IDENTITY_TOKEN_FILE has a token of ${issuer}, the issuer that is backed up`,
  );
}

/** Opens a bucket as a place to put backups of an issuer into. Throws `backup-credentials`. */
export async function openBackups(
  bucket: BackupBucket,
  issuer: string,
  context: CommandContext,
): Promise<BackupTarget> {
  if (bucket.profile === undefined) await refuseOwnIssuer(issuer, context.env);
  return openBackupBucket(bucket, s3Access(bucket, context));
}
