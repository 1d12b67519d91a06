import { parseDuration } from "../../core/base/index.ts";
import { type ListenSpec, parseListen } from "./listen.ts";

/** The schema has accepted the value, so it exists: anything else is a bug of ours. */
export function accepted<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`the schema let a bad ${what} through`);
  return value;
}

/** Milliseconds of a duration that the schema has accepted. */
export function milliseconds(text: string): number {
  return accepted(parseDuration(text), "duration");
}

/** An address that the schema has accepted. */
export function address(text: string): ListenSpec {
  return accepted(parseListen(text), "address");
}
