import { isoTime, type LogFields, type Logger, setting } from "../base/index.ts";
import { withoutSecretMembers, withoutSecrets } from "../credentials/index.ts";
import { visibleJson } from "./escape.ts";
import type { Host } from "./host.ts";
import { dim, red, rich, type Text, yellow } from "./text.ts";
import type { Writer } from "./writer.ts";

const levels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof levels)[number];

/** For JSON.stringify: secrets are left out at any depth, and whole numbers have no size that it refuses. */
function shown(key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : withoutSecretMembers(key, value);
}

/** A field's value as JSON; `undefined` for what JSON leaves out, such as a function. */
function jsonOf(key: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(shown(key, value), shown);
  } catch {
    // A cycle, or a getter that throws: the event is still logged.
    return '"[cannot be shown]"';
  }
}

interface Event {
  readonly level: LogLevel;
  /** ISO 8601. */
  readonly time: string;
  readonly message: string;
  /** Names and values, the latter in JSON. */
  readonly fields: readonly (readonly [name: string, json: string])[];
}

/** An event as a line of JSON: level, time, fields, msg. */
function jsonLine({ level, time, message, fields }: Event): string {
  const own = fields.filter(([name]) => name !== "level" && name !== "time" && name !== "msg");
  const members = [
    ["level", JSON.stringify(level)],
    ["time", JSON.stringify(time)],
    ...own,
    ["msg", JSON.stringify(message)],
  ].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{${members.join(",")}}\n`;
}

const looks: Readonly<Record<LogLevel, (level: string) => Text>> = {
  debug: dim,
  info: (level) => level,
  warn: yellow,
  error: red,
};

/** An event for a person: `12:00:01 warn  message  key=value`, with further lines where the message has them. */
function readableLines({ level, time, message, fields }: Event): readonly Text[] {
  const rest = fields.map(([name, json]) => {
    const [, word = json] = /^"([\w./:@+-]+)"$/u.exec(json) ?? [];
    return `  ${name}=${word}`;
  });
  const [first = "", ...more] = message.split("\n");
  const lines = [
    rich`${time.slice(11, 19)} ${looks[level](level.padEnd(5))} ${first}`,
    ...more.map((one) => `    ${one}`),
  ];
  return lines.map((one, index) => (index === lines.length - 1 ? rich`${one}${rest}` : one));
}

/** A Logger on standard error: a line of JSON each, or on a terminal a line for a person. It never throws. */
export function openLogger(
  { env, clock }: Pick<Host, "env" | "clock">,
  writer: Writer,
  level: LogLevel,
): Logger {
  const readable = writer.isTerminal && setting(env, "PODTRUST_LOG") !== "json";
  const write = (event: Event): void => {
    if (readable) for (const line of readableLines(event)) writer.line(line);
    else writer.data(visibleJson(jsonLine(event)));
  };
  const least = levels.indexOf(level);
  const withFields = (inherited: LogFields): Logger => {
    const at =
      (own: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (levels.indexOf(own) < least) return;
        const time = isoTime(clock.now());
        const written = Object.entries({ ...inherited, ...fields }).flatMap(([name, value]) => {
          const json = jsonOf(name, value);
          return json === undefined ? [] : [[name, json] as const];
        });
        write({ level: own, time, message: withoutSecrets(message), fields: written });
      };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => withFields({ ...inherited, ...fields }),
    };
  };
  return withFields({});
}
