import type { Text } from "./text.ts";
import type { Writer } from "./writer.ts";

/**
 * What a command says on standard output: lines for a person, or with `--json` exactly one object. A command
 * calls both `line` and `result`; the mode decides which of them is seen.
 */
export interface Output {
  readonly json: boolean;
  /** A line for a person, broken between words as `Writer.line` does; nothing with `--json`. */
  readonly line: (said?: Text, hang?: number) => void;
  /** The one object of `--json`; nothing without. Called at most once. */
  readonly result: (value: object) => void;
  /** Like `result`, on a single line: for output that other programs read line by line. */
  readonly compact: (value: object) => void;
  /** Text for a program, in either mode: a manifest, a script, a raw token. No line end is added. */
  readonly raw: (content: string) => void;
}

/** The output of one run. */
export function createOutput(writer: Writer, json: boolean): Output {
  let said = false;
  const once = (value: object, indent?: number): void => {
    if (!json) return;
    if (said) throw new TypeError("--json prints one object: it was given twice");
    said = true;
    writer.json(value, indent);
  };
  return {
    json,
    line(text = "", hang) {
      if (!json) writer.line(text, hang);
    },
    result: (value) => once(value, 2),
    compact: (value) => once(value),
    raw: (content) => writer.data(content),
  };
}
