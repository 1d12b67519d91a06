import type { Logger } from "../base/index.ts";
import type { Host } from "./host.ts";
import { visibleJson } from "./escape.ts";
import { logLine } from "./log-line.ts";
import type { Writer } from "./writer.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

// What must never reach a log even when a caller passes it by mistake; base/logger.ts forbids it as well.
const secrets = [
  "token",
  "webIdentityToken",
  "privateKey",
  "secretAccessKey",
  "sessionToken",
  "password",
  "authorization",
];

/**
 * A Logger (pino) on standard error: a line of JSON each, or on a terminal a line for a person.
 * pino is loaded here and not before, since most commands never log.
 */
export async function openLogger(
  { env, clock }: Pick<Host, "env" | "clock">,
  writer: Writer,
  level: LogLevel,
): Promise<Logger> {
  const { pino } = await import("pino");
  const readable = writer.isTerminal && env["PODTRUST_LOG"] !== "json";
  const destination = {
    write(line: string): void {
      if (readable) for (const one of logLine(line)) writer.line(one);
      else writer.data(visibleJson(line));
    },
  };
  const root = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: "[left out]" },
    },
    destination,
  );
  const wrap = (inner: typeof root): Logger => ({
    debug: (message, fields = {}) => inner.debug(fields, message),
    info: (message, fields = {}) => inner.info(fields, message),
    warn: (message, fields = {}) => inner.warn(fields, message),
    error: (message, fields = {}) => inner.error(fields, message),
    child: (fields) => wrap(inner.child(fields)),
  });
  return wrap(root);
}
