import type { LogFields, Logger } from "../../src/core/base/index.ts";

/** A logger that keeps what it is told, one line an entry: `error message {"field":"value"}`. */
export interface RememberingLogger extends Logger {
  readonly lines: readonly string[];
}

function into(lines: string[], bound: LogFields): Logger {
  const say =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push(`${level} ${message} ${JSON.stringify({ ...bound, ...fields })}`);
    };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => into(lines, { ...bound, ...fields }),
  };
}

export function rememberingLogger(): RememberingLogger {
  const lines: string[] = [];
  return { ...into(lines, {}), lines };
}
