/** The q-value of one member of Accept-Encoding (RFC 9110 §12.4.2), 0 to 1; a malformed one counts as 0. */
function quality(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const value = /^\s*q\s*=\s*(\S*)\s*$/iu.exec(parameter)?.[1];
    if (value !== undefined) return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/u.test(value) ? Number(value) : 0;
  }
  return 1;
}

/** Whether gzip is acceptable and not liked less than the document as it is (RFC 9110 §12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  // What nearly every client sends or leaves out, without taking it apart.
  if (acceptEncoding === undefined || acceptEncoding === "" || acceptEncoding === "identity") return false;
  const codings = new Map<string, number>();
  for (const member of acceptEncoding.split(",")) {
    const [name = "", ...parameters] = member.split(";");
    codings.set(name.trim().toLowerCase(), quality(parameters));
  }
  const gzip = codings.get("gzip") ?? codings.get("x-gzip") ?? codings.get("*") ?? 0;
  return gzip > 0 && gzip >= (codings.get("identity") ?? 0);
}

/** Whether If-None-Match names one of these entity tags, by weak comparison (RFC 9110 §13.1.2, §8.8.3.2). */
export function matchesAny(ifNoneMatch: string, tags: readonly string[]): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  for (const [tag] of ifNoneMatch.matchAll(/"[^"]*"/gu)) {
    if (tags.includes(tag)) return true;
  }
  return false;
}
