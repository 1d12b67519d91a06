function valueText(value: unknown): string {
  if (typeof value === "string") return /^[\w./:@+-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A line of JSON from the logger as a line for a person: `12:00:01 warn  message  key=value`. */
export function renderLogLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const rest = Object.entries(fields).map(([key, value]) => `  ${key}=${valueText(value)}`);
  return `${clock} ${String(level).padEnd(5)} ${String(msg)}${rest.join("")}\n`;
}
