import { createHash } from "node:crypto";
import type { DocumentTarget, DocumentToWrite, StoredDocument } from "../../src/publisher/index.ts";
import type { DocumentName } from "../../src/rules/oidc/index.ts";

/** A step that a bucket took, as `read jwks` or `write jwks conflict`. */
export type BucketStep = string;

/**
 * A bucket in memory that behaves as S3 was seen to (test/cluster/s3.test.ts holds the same steps against a real
 * server): the ETag is the content's MD5, so that a change of metadata alone does not show in it, and a
 * conditional write that lost leaves all as it was.
 */
export class FakeBucket {
  readonly objects = new Map<DocumentName, StoredDocument>();
  readonly steps: BucketStep[] = [];
  /** Called before each step; what it throws is what the caller gets. It may write in between. */
  before: (step: BucketStep) => void | Promise<void> = () => {};

  /** What stands there, as if somebody had put it there by hand. */
  put(name: DocumentName, text: string, change: Partial<StoredDocument> = {}): void {
    const version = `"${createHash("md5").update(text).digest("hex")}"`;
    const plain = { mediaType: undefined, cacheControl: undefined, note: undefined };
    this.objects.set(name, { text, version, ...plain, ...change });
  }

  kids(): readonly string[] {
    const { text = '{"keys":[]}' } = this.objects.get("jwks") ?? {};
    return (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid).sort();
  }

  /** One publisher's way to it. */
  target(): DocumentTarget {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return {
      place: "s3://fake",
      read: async (name) => {
        await this.before(`read ${name}`);
        await turn();
        this.steps.push(`read ${name}`);
        return this.objects.get(name);
      },
      write: async (name: DocumentName, document: DocumentToWrite, basis) => {
        await this.before(`write ${name}`);
        await turn();
        const conflict = this.objects.get(name)?.version !== basis?.version;
        this.steps.push(`write ${name}${conflict ? " conflict" : ""}`);
        if (conflict) return "conflict";
        const { text, mediaType, cacheControl, note } = document;
        this.put(name, text, { mediaType, cacheControl, note });
        return "written";
      },
      close() {},
    };
  }
}
