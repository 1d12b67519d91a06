import type { ControlledAccount, Controls } from "./controls.ts";

/** Content of a request to the control API. */
export interface ControlRequest {
  /** The sandbox, for any account. */
  readonly sandbox: Controls;
  readonly query: URLSearchParams;
  /** Of unknown form; undefined if none was sent. */
  readonly body: unknown;
}

/** One path and method of the control API. */
export interface ControlRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/_podtrust/`, with ID for an account's number. Those without one also exist below `accounts/ID/`. */
  readonly path: string;
  /** Of the whole sandbox, so not below `accounts/ID/`. */
  readonly whole?: true;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Any client that reaches the port may call it, without a token. */
  readonly open?: true;
  /** The body, and optional query parameters, with examples. */
  readonly body?: object;
  readonly query?: readonly string[];
  /** Optional members, as a sentence and an example. */
  readonly more?: readonly [string, object];
  /** An example of an answer; absent: `{}`. */
  readonly answer?: object;
  /** `account` is the one that the path names, else the first. */
  readonly run: (account: ControlledAccount, request: ControlRequest) => Promise<object> | object;
}
