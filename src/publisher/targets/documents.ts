import type { DocumentName } from "../../rules/oidc/index.ts";

/** A document in a target. */
export interface StoredDocument {
  readonly text: string;
  /** What a conditional write compares: S3's ETag. */
  readonly version: string;
  readonly mediaType: string | undefined;
  readonly cacheControl: string | undefined;
  /** Notes of publishers for each other, beside the document; nothing else reads them. */
  readonly note: string | undefined;
}

/** A document to write. */
export interface DocumentToWrite {
  readonly text: string;
  readonly mediaType: string;
  readonly cacheControl: string;
  readonly note?: string;
}

/**
 * A place elsewhere that documents are published in: a bucket. Other publishers may write there at the same time, so
 * each write names the version it is based on.
 */
export interface DocumentTarget {
  /** `s3://BUCKET`. */
  readonly place: string;
  /** Undefined if it does not exist. */
  read(name: DocumentName, signal?: AbortSignal): Promise<StoredDocument | undefined>;
  /** Replaces `before` (undefined: creates); `conflict` and unchanged if the target holds something else. */
  write(
    name: DocumentName,
    document: DocumentToWrite,
    before: StoredDocument | undefined,
    signal?: AbortSignal,
  ): Promise<"written" | "conflict">;
  close(): void;
}
