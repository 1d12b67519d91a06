/** A session of a terminal as asciicast v2 keeps it (docs.asciinema.org/manual/asciicast/v2): a header, then an event a line. */

/** What a program wrote, and when. */
export interface TerminalOutput {
  /** Seconds since the session began. */
  readonly at: number;
  readonly text: string;
}

export interface Recording {
  /** Of the terminal, in columns and rows. */
  readonly width: number;
  readonly height: number;
  readonly output: readonly TerminalOutput[];
}

/** The file's text. */
export function formatRecording({ width, height, output }: Recording): string {
  const events = output.map(({ at, text }) => [Number(at.toFixed(3)), "o", text]);
  return [{ version: 2, width, height }, ...events].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Throws a SyntaxError or a TypeError where the text is no such file. */
export function parseRecording(file: string): Recording {
  const [header, ...events] = file.trimEnd().split("\n");
  const { width, height } = JSON.parse(header ?? "") as Recording;
  if (!Number.isInteger(width) || !Number.isInteger(height)) throw new TypeError("the header has no size");
  const output = events.map((line) => {
    const [at, , text] = JSON.parse(line) as [number, string, string];
    return { at, text };
  });
  return { width, height, output };
}
