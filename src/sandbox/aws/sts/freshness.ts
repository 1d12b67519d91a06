/** The longest lifetime accepted from a response, in seconds: a mistyped max-age must not last forever. */
const maxLifetime = 3600;

/** The default lifetime of a document without cache headers, in seconds. AWS does not publish its number. */
const silentLifetime = 60;

function directives(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.toLowerCase().split(",")) {
    const [name = "", value = ""] = part.trim().split("=", 2);
    if (name !== "" && !found.has(name)) found.set(name, value.replaceAll('"', ""));
  }
  return found;
}

function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/u.test(text) ? Number(text) : undefined;
}

/**
 * For how many seconds a document may be reused without a request (RFC 9111 §4.2): 0 for no-store and no-cache, max-age
 * less Age, at most an hour, and a minute if the server says nothing. A max-age that is not a number counts as stale,
 * as RFC 9111 §4.2.1 advises.
 *
 * @param headers lower-case names
 */
export function freshSeconds(headers: Readonly<Record<string, string>>): number {
  const control = headers["cache-control"];
  if (control === undefined) return headers["pragma"] === "no-cache" ? 0 : silentLifetime;
  const said = directives(control);
  if (said.has("no-store") || said.has("no-cache")) return 0;
  if (!said.has("max-age")) return silentLifetime;
  const left = (seconds(said.get("max-age")) ?? 0) - (seconds(headers["age"]) ?? 0);
  return Math.max(0, Math.min(left, maxLifetime));
}
