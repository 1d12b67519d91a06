import { dim, red, type Text, rich, yellow } from "./text.ts";

const looks: Readonly<Record<string, (level: string) => Text>> = { debug: dim, warn: yellow, error: red };

function valueText(value: unknown): string {
  if (typeof value === "string") return /^[\w./:@+-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A line of JSON from the logger as a line for a person: `12:00:01 warn  message  key=value`. */
export function logLine(line: string): Text {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const look = looks[String(level)] ?? ((one: string) => one);
  const rest = Object.entries(fields).map(([key, value]) => `  ${key}=${valueText(value)}`);
  return rich`${clock} ${look(String(level).padEnd(5))} ${String(msg)}${rest}`;
}
