import type { DocumentName } from "../../rules/oidc/index.ts";

/** A document as it stands at a target. */
export interface StoredDocument {
  readonly text: string;
  /** What a conditional write compares: S3's ETag. */
  readonly version: string;
  readonly mediaType: string | undefined;
  readonly cacheControl: string | undefined;
  /** What publishers tell each other beside the document; nobody else reads it. */
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
 * A place elsewhere that documents are published in: a bucket. Other publishers may write there at the same
 * time, so that each write says on what it is based.
 */
export interface DocumentTarget {
  /** `s3://BUCKET`. */
  readonly place: string;
  /** Undefined where there is none. */
  read(name: DocumentName, signal?: AbortSignal): Promise<StoredDocument | undefined>;
  /** Writes in place of `before` (undefined: of nothing); `conflict` and unchanged when something else stands there. */
  write(
    name: DocumentName,
    document: DocumentToWrite,
    before: StoredDocument | undefined,
    signal?: AbortSignal,
  ): Promise<"written" | "conflict">;
  close(): void;
}
