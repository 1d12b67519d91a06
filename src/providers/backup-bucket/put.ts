import { createHash } from "node:crypto";
import { type Clock, defined, type ErrorCode, partitionOf, PodtrustError } from "../../core/base/index.ts";
import { type HttpOptions, type HttpResponse, request } from "../../core/http/index.ts";
import { readAccessKey } from "./access-key.ts";
import { signedHeaders } from "./signature.ts";

/** A bucket that files are put into. */
export interface KeyedBucket {
  readonly bucket: string;
  readonly region: string;
  /** Before each name; ends with a slash, or is empty. */
  readonly prefix: string;
  /** The account that the bucket must belong to; any by default. */
  readonly account?: string;
  /** Another service that speaks S3, in place of AWS's own. */
  readonly endpoint?: string;
  /** A file in the form of AWS's credentials file, read anew for each object. */
  readonly credentialsFile: string;
}

export interface KeyedBucketDeps extends Pick<HttpOptions, "ca" | "connectTo"> {
  readonly clock: Clock;
}

/** Puts files into a bucket, and asks for no other right there. */
export interface KeyedObjects {
  /** `s3://BUCKET/PREFIX`. */
  readonly name: string;
  /** Never replaces another object. Throws `backup-access-key`, `aws-*`, `s3-*`, and what `request` throws. */
  put(file: string, content: Buffer, signal: AbortSignal): Promise<void>;
}

const timeoutMs = 60_000;
const rights = "Give its access key s3:PutObject on that bucket and prefix, and nothing else.";

function urlOf({ bucket, region, endpoint }: KeyedBucket, object: string): URL {
  const path = object.split("/").map(encodeURIComponent).join("/");
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/$/u, "")}/${bucket}/${path}`);
  const s3 = `s3.${region}.amazonaws.com${partitionOf(region) === "aws-cn" ? ".cn" : ""}`;
  // The certificate of S3 covers no name with a dot in front of its own.
  return new URL(
    bucket.includes(".") ? `https://${s3}/${bucket}/${path}` : `https://${bucket}.${s3}/${path}`,
  );
}

/** S3's codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const byCode: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: "aws-denied",
  InvalidAccessKeyId: "aws-no-credentials",
  SignatureDoesNotMatch: "aws-credentials-refused",
  RequestTimeTooSkewed: "aws-clock",
  NoSuchBucket: "s3-bucket-missing",
  PermanentRedirect: "s3-wrong-region",
  AuthorizationHeaderMalformed: "s3-wrong-region",
  SlowDown: "aws-throttled",
};

/** The next steps for a machine's access key, where the catalogue's are for a person who is signed in. */
const nextOf: Partial<Record<ErrorCode, string>> = {
  "aws-denied": rights,
  "aws-no-credentials":
    "Make a new access key, put it into the file of credentialsFile, and run podtrust up.",
};

function failure({ status, body }: HttpResponse, what: string): PodtrustError {
  const code = /<Code>(\w{1,64})<\/Code>/u.exec(body.subarray(0, 4096).toString("latin1"))?.[1] ?? "no code";
  const is = byCode[code] ?? (status >= 500 ? "aws-unavailable" : "aws-refused");
  const next = nextOf[is];
  return new PodtrustError(is, `${what}: S3 answered ${status} (${code})`, {
    detail: { awsCode: code, status },
    ...defined({ next }),
  });
}

/**
 * Opens a bucket for backups with an access key from a file, without AWS's SDK: for programs that hold none. Makes no request.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function openKeyedBucket(at: KeyedBucket, { clock, ...http }: KeyedBucketDeps): KeyedObjects {
  const { bucket, region, prefix, account, credentialsFile } = at;
  return {
    name: `s3://${bucket}/${prefix}`,
    async put(file, content, signal) {
      const key = await readAccessKey(credentialsFile);
      const url = urlOf(at, prefix + file);
      const unsigned = {
        "content-type": "application/octet-stream",
        "if-none-match": "*",
        // A bucket that locks its objects takes none without.
        "x-amz-checksum-sha256": createHash("sha256").update(content).digest("base64"),
        ...defined({ "x-amz-expected-bucket-owner": account }),
      };
      const headers = signedHeaders(
        { url, headers: unsigned, body: content },
        { key, region, now: clock.now() },
      );
      const options = {
        ...http,
        method: "PUT",
        headers,
        body: content,
        timeoutMs,
        maxBytes: 64 * 1024,
        signal,
      };
      const answer = await request(url.href, options);
      // Another try of ours came through, and its answer did not.
      if (answer.status === 200 || answer.status === 412) return;
      throw failure(answer, `writing s3://${bucket}/${prefix}${file}`);
    },
  };
}
