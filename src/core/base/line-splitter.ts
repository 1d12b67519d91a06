/** Gives the lines of a text that comes in pieces. */
export interface LineSplitter {
  push(piece: string): void;
  /** Gives what came after the last line break. */
  end(): void;
}

/** Splits at line feeds, without them and a carriage return before; a line longer than `maxChars` is given in parts. */
export function lineSplitter(onLine: (line: string) => void, maxChars = 64 * 1024): LineSplitter {
  let rest = "";
  const give = (line: string): void => onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  return {
    push(piece) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) give(line);
      if (rest.length < maxChars) return;
      onLine(rest);
      rest = "";
    },
    end() {
      if (rest !== "") give(rest);
      rest = "";
    },
  };
}
