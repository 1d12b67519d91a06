import { join } from "node:path";
import { PodtrustError, type Environment, setting } from "../../../core/base/index.ts";
import { credentialVariable } from "../../../core/credentials/index.ts";
import { readCredentialFile } from "../../../core/files/index.ts";
import { homeDirectory } from "../../../core/home/index.ts";
import type { Config } from "../../../config/index.ts";
import { accessKeyIds, readAccessKey } from "../../../providers/backup-bucket/index.ts";

/** IDs of the permanent access keys that podtrust itself may work with here: of the environment, and of profiles in use. */
async function idsInUse({ aws }: Config, env: Environment): Promise<readonly string[]> {
  const file =
    credentialVariable(env, "aws", "AWS_SHARED_CREDENTIALS_FILE")?.value ??
    join(homeDirectory(env), ".aws", "credentials");
  // A missing file holds no key.
  const text = await readCredentialFile("aws", file).then(
    (read) => read.text,
    () => "",
  );
  const profiles = ["default", setting(env, "AWS_PROFILE"), ...aws.map(({ profile }) => profile)];
  const named = accessKeyIds(
    text,
    profiles.filter((name) => name !== undefined),
  );
  const own = credentialVariable(env, "aws", "AWS_ACCESS_KEY_ID")?.value;
  return own === undefined ? named : [own, ...named];
}

/**
 * Checks the access key with which a machine will write backups into a bucket, before it is sent: it must have the form
 * of one, and not be podtrust's own, which may do more. Throws `usage`, `backup-access-key`, `file-unreadable`.
 */
export async function checkOwnKey(config: Config, env: Environment): Promise<void> {
  const place = config.publisher?.backup?.place;
  if (place === undefined || !("s3" in place) || place.s3.credentialsFile === undefined) return;
  const { accessKeyId } = await readAccessKey(place.s3.credentialsFile);
  if (!(await idsInUse(config, env)).includes(accessKeyId)) return;
  throw new PodtrustError(
    "usage",
    `${config.file}: publisher.backup.s3.credentialsFile holds the access key ${accessKeyId}, with which podtrust itself works here`,
    {
      next: "Make an IAM user with s3:PutObject on that bucket alone, and give the machine a key of that one: it can then be taken back alone.",
    },
  );
}
