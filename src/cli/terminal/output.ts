import type { Host } from "../host.ts";
import { type Style, styleOf, wantsColor } from "./style.ts";

/**
 * What a command says on standard output: lines for a person, or with `--json` exactly one object. A command
 * calls both `line` and `result`; the mode decides which of them is seen.
 */
export interface Output {
  readonly json: boolean;
  /** Colours for lines on standard output. */
  readonly style: Style;
  /** A line for a person; nothing with `--json`. */
  readonly line: (text?: string) => void;
  /** The one object of `--json`; nothing without. Called at most once. */
  readonly result: (value: object) => void;
  /** Like `result`, on a single line: for output that other programs read line by line. */
  readonly compact: (value: object) => void;
  /** Text as it is, in either mode: a manifest, a script, a raw token. No line end is added. */
  readonly raw: (text: string) => void;
}

/** The output of one run. */
export function createOutput(host: Host, json: boolean): Output {
  let said = false;
  const once = (text: string): void => {
    if (!json) return;
    if (said) throw new TypeError("--json prints one object: it was given twice");
    said = true;
    host.stdout.write(`${text}\n`);
  };
  return {
    json,
    style: styleOf(!json && wantsColor(host.env, host.stdout)),
    line(text = "") {
      if (!json) host.stdout.write(`${text}\n`);
    },
    result: (value) => once(JSON.stringify(value, undefined, 2)),
    compact: (value) => once(JSON.stringify(value)),
    raw(text) {
      host.stdout.write(text);
    },
  };
}
