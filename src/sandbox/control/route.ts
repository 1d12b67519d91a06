import type { ControlledAccount, Controls } from "./controls.ts";

/** What a request of the control API brings. */
export interface ControlRequest {
  /** The sandbox, whichever account is meant. */
  readonly sandbox: Controls;
  readonly query: URLSearchParams;
  /** Of unknown form; undefined where none was sent. */
  readonly body: unknown;
}

/** One path and method of the control API. */
export interface ControlRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/_podtrust/`, where ID stands for an account's number. Those without one are there below `accounts/ID/` too. */
  readonly path: string;
  /** Of the sandbox, and so not there below `accounts/ID/`. */
  readonly whole?: true;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Whoever reaches the port may ask it, without a token. */
  readonly open?: true;
  /** What is sent, and in the query what may be, with examples. */
  readonly body?: object;
  readonly query?: readonly string[];
  /** What may be sent beside, as a sentence and an example. */
  readonly more?: readonly [string, object];
  /** What an answer looks like; absent: `{}`. */
  readonly answer?: object;
  /** `account` is the one that the path names, else the first. */
  readonly run: (account: ControlledAccount, request: ControlRequest) => Promise<object> | object;
}
