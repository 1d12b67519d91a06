/** Characters of Accept-Encoding that are read; a longer one asks for nothing. Clients send less than 100. */
const maxLength = 512;

const qvalue = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/u;

/** The q-value of one member of Accept-Encoding (RFC 9110 §12.4.2), 0 to 1; a malformed one counts as 0. */
function quality(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    if (parameter.slice(0, Math.max(0, equals)).trim().toLowerCase() !== "q") continue;
    const value = parameter.slice(equals + 1).trim();
    return qvalue.test(value) ? Number(value) : 0;
  }
  return 1;
}

/** Whether gzip is acceptable and not ranked below the plain document (RFC 9110 §12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  // Nearly every client sends one of these values or none, so they need no parsing.
  if (acceptEncoding === undefined || acceptEncoding === "" || acceptEncoding === "identity") return false;
  if (acceptEncoding.length > maxLength) return false;
  const codings = new Map<string, number>();
  for (const member of acceptEncoding.split(",")) {
    const [name = "", ...parameters] = member.split(";");
    codings.set(name.trim().toLowerCase(), quality(parameters));
  }
  const gzip = codings.get("gzip") ?? codings.get("x-gzip") ?? codings.get("*") ?? 0;
  return gzip > 0 && gzip >= (codings.get("identity") ?? 0);
}

/**
 * Whether If-None-Match names one of these entity tags, by weak comparison (RFC 9110 §13.1.2, §8.8.3.2). The tags
 * stand in their quotes and hold no comma, so that no list holds one of them across two of its members.
 */
export function matchesAny(ifNoneMatch: string, tags: readonly string[]): boolean {
  return ifNoneMatch.trim() === "*" || tags.some((tag) => ifNoneMatch.includes(tag));
}
