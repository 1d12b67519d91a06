import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { HttpAnswer, type HeaderFields } from "./answer.ts";
import { matchesAny, prefersGzip } from "./negotiation.ts";
import type { RequestTarget, Tallies } from "./tallies.ts";

/** What is served under one URL, in all its forms. */
export interface Representation {
  readonly tags: readonly string[];
  readonly identity: HttpAnswer;
  /** Absent if it would not be smaller. */
  readonly gzip: HttpAnswer | undefined;
  readonly notModified: { readonly identity: HttpAnswer; readonly gzip: HttpAnswer };
}

export interface RepresentationInput {
  readonly stack: string;
  readonly place: RequestTarget;
  readonly mediaType: string;
  readonly cacheControl: string;
  /** Headers of every answer. */
  readonly common: HeaderFields;
  readonly text: string;
}

/** Computes every form of a document once. */
export function represent(input: RepresentationInput, tallies: Tallies): Representation {
  const { stack, place, text } = input;
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 27);
  const packed = gzipSync(text, { level: 9 });
  const smaller = packed.length < Buffer.byteLength(text);
  const tags = { identity: `"${digest}"`, gzip: `"${digest}-gzip"` };
  const varying: HeaderFields = smaller ? [["Vary", "Accept-Encoding"]] : [];
  const fields = (tag: string): HeaderFields => [
    ["Cache-Control", input.cacheControl],
    ["ETag", tag],
    ...varying,
    ...input.common,
  ];
  const type: HeaderFields = [["Content-Type", input.mediaType]];
  const encoding: HeaderFields = [["Content-Encoding", "gzip"]];
  const tally = tallies.tally(stack, place, 200);
  const notModified = (tag: string): HttpAnswer =>
    new HttpAnswer({
      status: 304,
      fields: fields(tag),
      tally: tallies.tally(stack, place, 304),
      withoutLength: true,
    });
  return {
    tags: smaller ? [tags.identity, tags.gzip] : [tags.identity],
    identity: new HttpAnswer({ status: 200, fields: [...type, ...fields(tags.identity)], body: text, tally }),
    gzip: smaller
      ? new HttpAnswer({
          status: 200,
          fields: [...type, ...encoding, ...fields(tags.gzip)],
          body: packed,
          tally,
        })
      : undefined,
    notModified: { identity: notModified(tags.identity), gzip: notModified(tags.gzip) },
  };
}

/** The form for a request's If-None-Match and Accept-Encoding. */
export function choose(
  representation: Representation,
  ifNoneMatch: string | undefined,
  acceptEncoding: string | undefined,
): HttpAnswer {
  const gzip = representation.gzip !== undefined && prefersGzip(acceptEncoding);
  if (ifNoneMatch !== undefined && matchesAny(ifNoneMatch, representation.tags)) {
    return gzip ? representation.notModified.gzip : representation.notModified.identity;
  }
  return gzip ? (representation.gzip ?? representation.identity) : representation.identity;
}
