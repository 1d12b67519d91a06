import { reasonPhrase } from "./reasons.ts";

/** How often something was answered. A cell, so that counting is one addition. */
export interface Tally {
  count: number;
}

export type Fields = readonly (readonly [name: string, value: string])[];

/** An answer as it goes over the wire within one second. */
export interface AnswerForms {
  readonly date: string;
  /** A whole HTTP/1.1 message for a connection that stays open. */
  readonly message: Buffer;
  /** The same without content, for HEAD. */
  readonly head: Buffer;
  /** Names and values in turn, for writeHead. */
  readonly http1: string[];
  /** Names and values in turn, for Http2Stream.respond. */
  readonly http2: (string | number)[];
}

export interface AnswerInput {
  readonly status: number;
  readonly fields: Fields;
  readonly body?: string | Buffer;
  readonly tally: Tally;
  /** 304 has no content and must not claim a length that the document does not have. */
  readonly withoutLength?: boolean;
}

function formsOf(answer: Answer, fields: Fields, date: string): AnswerForms {
  const all: Fields = [...fields, ["Date", date]];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = Buffer.from(
    `HTTP/1.1 ${answer.status} ${reasonPhrase(answer.status)}\r\n${lines}\r\n`,
    "latin1",
  );
  return {
    date,
    message: Buffer.concat([head, answer.body]),
    head,
    http1: all.flat(),
    // With status and date given Node changes nothing in the list, so that one list serves every stream.
    http2: [":status", answer.status, ...all.flatMap(([name, value]) => [name.toLowerCase(), value])],
  };
}

/**
 * One answer, ready to go out in every form. Nothing is computed for a request: the forms are made when a
 * document changes, and again when the second in Date does.
 */
export class Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly tally: Tally;
  readonly #fields: Fields;
  #forms: AnswerForms | undefined;

  constructor(input: AnswerInput) {
    this.status = input.status;
    this.body = Buffer.from(input.body ?? "");
    this.tally = input.tally;
    const length: Fields = input.withoutLength === true ? [] : [["Content-Length", String(this.body.length)]];
    this.#fields = [...input.fields, ...length];
  }

  /** Its forms with this value of Date. */
  at(date: string): AnswerForms {
    if (this.#forms?.date !== date) this.#forms = formsOf(this, this.#fields, date);
    return this.#forms;
  }
}
