/** Fields of one log line. Never put a token, a private key or a password here. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A logger as the adapters know it: an event in words, and fields. The composition roots give a real one, tests one that
 * remembers.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
