import type { Host, TextStream } from "../host.ts";

type Paint = (text: string) => string;

/** Colours of one stream: each gives its text back unchanged where colour is not wanted. */
export interface Style {
  readonly enabled: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/**
 * Whether a stream gets colour: never with NO_COLOR (https://no-color.org: set and not empty), always with
 * FORCE_COLOR (not empty, not 0), else when it is a terminal that is not TERM=dumb.
 */
export function wantsColor(env: Host["env"], stream: TextStream): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** The colours for a stream. */
export function styleOf(enabled: boolean): Style {
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      enabled ? `\u001B[${open}m${text}\u001B[${close}m` : text;
  return {
    enabled,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
