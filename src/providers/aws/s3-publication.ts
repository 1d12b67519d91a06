import type * as S3Api from "@aws-sdk/client-s3";
import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { maxJwkSet } from "../../rules/keys/index.ts";
import type { AwsAccess } from "./access.ts";
import { awsError, isAwsCode } from "./failure.ts";
import { type AwsSession, openAws } from "./session.ts";

type Api = typeof S3Api;

/** Two objects of a bucket. */
export interface S3Location {
  readonly bucket: string;
  readonly keys: { readonly discovery: string; readonly jwks: string };
  /** The account that the bucket must belong to; any by default. */
  readonly account?: string;
}

type DocumentName = keyof S3Location["keys"];

interface Stored {
  readonly text: string;
  /** The ETag. */
  readonly version: string;
  readonly mediaType: string | undefined;
  readonly cacheControl: string | undefined;
  readonly note: string | undefined;
}

interface ToWrite {
  readonly text: string;
  readonly mediaType: string;
  readonly cacheControl: string;
  readonly note?: string;
}

/** The two documents in a bucket: read, and written only in place of what was read. */
export interface S3Documents {
  /** `s3://BUCKET`. */
  readonly place: string;
  read(name: DocumentName, signal?: AbortSignal): Promise<Stored | undefined>;
  write(
    name: DocumentName,
    document: ToWrite,
    before: Stored | undefined,
    signal?: AbortSignal,
  ): Promise<"written" | "conflict">;
  close(): void;
}

/** The name of the metadata in which publishers share keys; S3 puts x-amz-meta- before it. */
const noteName = "podtrust-keys";

const rights = "Give the publisher's credentials what podtrust manifests s3-publisher-policy prints.";

function s3Error(thrown: unknown, during: string): PodtrustError {
  const error = awsError(thrown, during);
  if (error.code !== "aws-denied") return error;
  return new PodtrustError(error.code, error.message, { next: rights, detail: error.detail, cause: thrown });
}

class BucketDocuments implements S3Documents {
  readonly place: string;
  readonly #at: S3Location;
  readonly #session: AwsSession;
  #client: Promise<S3Api.S3Client> | undefined;

  constructor(at: S3Location, session: AwsSession) {
    this.place = `s3://${at.bucket}`;
    this.#at = at;
    this.#session = session;
  }

  async #send<T>(
    signal: AbortSignal | undefined,
    work: (client: S3Api.S3Client, api: Api, options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    this.#client ??= this.#session.s3(this.#at.bucket);
    const [client, api] = await Promise.all([this.#client, import("@aws-sdk/client-s3")]);
    return work(client, api, defined({ abortSignal: signal }));
  }

  #object(name: DocumentName): { Bucket: string; Key: string; ExpectedBucketOwner?: string } {
    const { bucket, keys, account } = this.#at;
    const owner = defined({ ExpectedBucketOwner: account });
    return { Bucket: bucket, Key: keys[name], ...owner };
  }

  async read(name: DocumentName, signal?: AbortSignal): Promise<Stored | undefined> {
    const key = this.#at.keys[name];
    const during = `reading ${this.place}/${key}`;
    try {
      return await this.#send(signal, async (client, api, options) => {
        const answer = await client.send(new api.GetObjectCommand(this.#object(name)), options);
        const { Body: body, ETag: version, ContentLength: length = Infinity } = answer;
        if (body === undefined || version === undefined || length > maxJwkSet) {
          const stream = body as { destroy?: () => void } | undefined;
          stream?.destroy?.();
          throw new PodtrustError("s3-object-invalid", `${this.place}/${key} has ${length} bytes`);
        }
        const text = await body.transformToString("utf-8");
        const { ContentType: mediaType, CacheControl: cacheControl, Metadata: metadata = {} } = answer;
        return { text, version, mediaType, cacheControl, note: metadata[noteName] };
      });
    } catch (thrown) {
      if (isAwsCode(thrown, "NoSuchKey")) return undefined;
      throw s3Error(thrown, during);
    }
  }

  async write(
    name: DocumentName,
    document: ToWrite,
    before: Stored | undefined,
    signal?: AbortSignal,
  ): Promise<"written" | "conflict"> {
    const { text, mediaType, cacheControl, note } = document;
    const basis = before === undefined ? { IfNoneMatch: "*" } : { IfMatch: before.version };
    const input = {
      ...this.#object(name),
      ...basis,
      Body: text,
      ContentType: mediaType,
      CacheControl: cacheControl,
      ...defined({ Metadata: mapped(note, (words) => ({ [noteName]: words })) }),
    };
    try {
      await this.#send(signal, (client, api, options) =>
        client.send(new api.PutObjectCommand(input), options),
      );
      return "written";
    } catch (thrown) {
      // 412: the object is another; 409: another writer is at it; 404: what was read has been deleted.
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (isAwsCode(thrown, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"))
        return "conflict";
      throw s3Error(thrown, `writing ${this.place}/${this.#at.keys[name]}`);
    }
  }

  close(): void {
    this.#session.close();
  }
}

/**
 * Opens two objects of a bucket; makes no request. Its methods throw what is wrong with credentials and network,
 * `s3-bucket-missing`, `s3-wrong-region`, `aws-denied`, `s3-object-invalid`.
 */
export function openS3Documents(at: S3Location, access: AwsAccess): S3Documents {
  return new BucketDocuments(at, openAws(access));
}
