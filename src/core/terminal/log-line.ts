import { dim, red, type Text, rich, yellow } from "./text.ts";

const looks: Readonly<Record<string, (level: string) => Text>> = { debug: dim, warn: yellow, error: red };

function valueText(value: unknown): string {
  if (typeof value === "string") return /^[\w./:@+-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/**
 * A line of JSON from the logger for a person: `12:00:01 warn  message  key=value`, with further lines where the
 * message has them.
 */
export function logLine(line: string): readonly Text[] {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const look = looks[String(level)] ?? ((one: string) => one);
  const rest = Object.entries(fields).map(([key, value]) => `  ${key}=${valueText(value)}`);
  const [first = "", ...more] = String(msg).split("\n");
  const lines = [
    rich`${clock} ${look(String(level).padEnd(5))} ${first}`,
    ...more.map((one) => `    ${one}`),
  ];
  return lines.map((one, index) => (index === lines.length - 1 ? rich`${one}${rest}` : one));
}
