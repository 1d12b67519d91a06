/** How often something was answered. A cell, so that counting is one addition. */
export interface Tally {
  count: number;
}

export type Fields = readonly (readonly [name: string, value: string])[];

/**
 * One answer in every form in which it can go out, computed when a document changes and never on a request.
 */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, for writeHead. */
  readonly http1: readonly string[];
  /** The same for a connection that has to end with this answer. */
  readonly http1Close: readonly string[];
  /** For Http2Stream.respond. */
  readonly http2: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
  /** The body with a character for each byte: HTTP/1.1 sends it in one write with the header section. */
  readonly latin1: string;
  readonly tally: Tally;
}

export interface AnswerInput {
  readonly status: number;
  readonly fields: Fields;
  readonly body?: string | Buffer;
  readonly tally: Tally;
  /** 304 has no content and must not claim a length that the document does not have. */
  readonly withoutLength?: boolean;
}

/** Puts an answer into its forms. */
export function prepareAnswer(input: AnswerInput): Answer {
  const body = Buffer.from(input.body ?? "");
  const length: Fields = input.withoutLength === true ? [] : [["Content-Length", String(body.length)]];
  const fields = [...input.fields, ...length];
  return {
    status: input.status,
    http1: fields.flat(),
    http1Close: [...fields.flat(), "Connection", "close"],
    http2: Object.fromEntries([
      [":status", input.status],
      ...fields.map(([name, value]) => [name.toLowerCase(), value]),
    ]) as Record<string, string | number>,
    body,
    latin1: body.toString("latin1"),
    tally: input.tally,
  };
}
