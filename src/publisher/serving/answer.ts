import { reasonPhrase } from "./reasons.ts";

/** How often something was answered. A cell, so that counting is one addition. */
export interface Tally {
  count: number;
}

export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** An answer's bytes on the wire within one second. */
export interface AnswerForms {
  readonly date: string;
  /** A whole HTTP/1.1 message for a connection that stays open. */
  readonly message: Buffer;
  /** The same without content, for HEAD. */
  readonly head: Buffer;
  /** Names and values in turn, for Http2Stream.respond. */
  readonly http2: (string | number)[];
}

export interface AnswerInput {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly body?: string | Buffer;
  readonly tally: Tally;
  /** 304 has no content and must not claim a length that the document does not have. */
  readonly withoutLength?: boolean;
}

function headOf(status: number, fields: HeaderFields): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines}\r\n`, "latin1");
}

/**
 * One answer, ready in every form. Nothing is computed per request: the forms are made when a document changes, and
 * again each second for Date.
 */
export class HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly tally: Tally;
  readonly #fields: HeaderFields;
  #forms: AnswerForms | undefined;
  /** Of the forms that end the connection, made on first use. */
  #closing: { readonly date: string; readonly message: Buffer; readonly head: Buffer } | undefined;

  constructor(input: AnswerInput) {
    this.status = input.status;
    this.body = Buffer.from(input.body ?? "");
    this.tally = input.tally;
    const length: HeaderFields =
      input.withoutLength === true ? [] : [["Content-Length", String(this.body.length)]];
    this.#fields = [...input.fields, ...length];
  }

  /** Its forms with this value of Date. */
  at(date: string): AnswerForms {
    if (this.#forms?.date !== date) {
      const all: HeaderFields = [...this.#fields, ["Date", date]];
      const head = headOf(this.status, all);
      this.#forms = {
        date,
        message: Buffer.concat([head, this.body]),
        head,
        // Given status and date, Node leaves the list unchanged, so one list serves every stream.
        http2: [":status", this.status, ...all.flatMap(([name, value]) => [name.toLowerCase(), value])],
      };
    }
    return this.#forms;
  }

  /** The HTTP/1.1 message after which the connection ends; `bodiless` for HEAD. */
  lastMessage(date: string, bodiless: boolean): Buffer {
    if (this.#closing?.date !== date) {
      const head = headOf(this.status, [...this.#fields, ["Date", date], ["Connection", "close"]]);
      this.#closing = { date, message: Buffer.concat([head, this.body]), head };
    }
    return bodiless ? this.#closing.head : this.#closing.message;
  }
}
