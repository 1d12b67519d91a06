import type * as S3Api from "@aws-sdk/client-s3";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { AwsAccess } from "./access.ts";
import { awsError, isAwsCode } from "./failure.ts";
import { openAws } from "./session.ts";

/** A bucket that files are put into. */
export interface BackupBucketTarget {
  readonly bucket: string;
  /** Before each name; ends with a slash, or is empty. */
  readonly prefix: string;
  /** The account that the bucket must belong to; any by default. */
  readonly account?: string;
}

/** Puts files into a bucket, and asks for no other right there. */
export interface BackupObjects {
  /** `s3://BUCKET/PREFIX`. */
  readonly name: string;
  /** Never replaces another object. Throws what is wrong with credentials, network and bucket, and `aws-denied`. */
  put(file: string, content: Buffer, signal: AbortSignal): Promise<void>;
  close(): void;
}

const rights = "Give its credentials s3:PutObject on that bucket and prefix, and nothing else.";

/** Opens a bucket for backups; makes no request. */
export function openBackupBucket(at: BackupBucketTarget, access: AwsAccess): BackupObjects {
  const { bucket, prefix, account } = at;
  const session = openAws(access);
  let client: Promise<S3Api.S3Client> | undefined;
  return {
    name: `s3://${bucket}/${prefix}`,
    async put(file, content, signal) {
      client ??= session.s3(bucket);
      const api = await import("@aws-sdk/client-s3");
      const command = new api.PutObjectCommand({
        Bucket: bucket,
        Key: prefix + file,
        Body: content,
        ContentType: "application/octet-stream",
        IfNoneMatch: "*",
        ...defined({ ExpectedBucketOwner: account }),
      });
      try {
        await (await client).send(command, { abortSignal: signal });
      } catch (thrown) {
        // Another try of ours came through, and its answer did not.
        if (isAwsCode(thrown, "PreconditionFailed")) return;
        const error = awsError(thrown, `writing s3://${bucket}/${prefix}${file}`);
        if (error.code !== "aws-denied") throw error;
        throw new PodtrustError(error.code, error.message, {
          next: rights,
          detail: error.detail,
          cause: thrown,
        });
      }
    },
    close: () => session.close(),
  };
}
