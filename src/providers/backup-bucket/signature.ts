import { createHash, createHmac } from "node:crypto";
import { isoBasic } from "../../core/base/index.ts";
import type { AccessKey } from "./access-key.ts";

/** A request to S3 before it is signed. */
export interface UnsignedPut {
  readonly url: URL;
  /** Names in lower case, without `host` and those that signing adds. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SigningScope {
  readonly key: AccessKey;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/**
 * The headers of a PUT to S3, signed by AWS Signature Version 4: those that were given and `authorization`, `x-amz-date`,
 * `x-amz-content-sha256`. The URL's path is as it is sent, percent-encoded; it has no query.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signedHeaders(
  { url, headers, body }: UnsignedPut,
  { key, region, now }: SigningScope,
): Readonly<Record<string, string>> {
  const time = isoBasic(now);
  const day = time.slice(0, 8);
  const payload = sha256(body);
  const added = { ...headers, "x-amz-content-sha256": payload, "x-amz-date": time };
  const all = Object.entries({ ...added, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = all.map(([name]) => name).join(";");
  const canonical = [
    "PUT",
    url.pathname,
    "",
    ...all.map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/gu, " ")}`),
    "",
    names,
    payload,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const signing = [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${key.secretAccessKey}`, day));
  const signature = hmac(signing, toSign).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...added, authorization };
}
