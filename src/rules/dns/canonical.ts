import { isIP } from "node:net";
import type { RecordType } from "./provider.ts";

/** A CAA record's parts (RFC 8659 §4.1). */
export interface Caa {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

/** Text without the quotes and escapes of zone files (RFC 1035 §5.1); text without any is returned as it is. */
function unquoted(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  // Longer texts are cut into several strings, which count as one. Read in one pass: a backslash that is escaped escapes nothing.
  return text
    .slice(1, -1)
    .replaceAll(/" +"|\\(?:(\d{3})|(.))/gsu, (_, code: string | undefined, escaped: string | undefined) =>
      code === undefined ? (escaped ?? "") : String.fromCodePoint(Number(code)),
    );
}

/** Text as zone files have it, in quotes. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}

/** The parts of a CAA record as zone files have it; undefined where it is none. */
export function parseCaa(text: string): Caa | undefined {
  const [, flags, tag, value] = /^(\d{1,3}) ([A-Za-z0-9]{1,15}) (\S.*)$/u.exec(text.trim()) ?? [];
  if (flags === undefined || tag === undefined || value === undefined || Number(flags) > 255)
    return undefined;
  return { flags: Number(flags), tag: tag.toLowerCase(), value: unquoted(value) };
}

/** `letsencrypt.org; accounturi=…`: spaces and the order of parameters mean nothing (RFC 8659 §4.2). */
function canonicalIssuers(value: string): string {
  const [domain = "", ...parameters] = value.split(";").map((part) => part.trim());
  const sorted = parameters.filter((part) => part !== "").sort();
  return [domain.toLowerCase(), ...sorted].join("; ");
}

/** A CAA record as zone files have it, in the one form in which it is compared. */
export function caaText({ flags, tag, value }: Caa): string {
  const issuers = tag === "issue" || tag === "issuewild" ? canonicalIssuers(value) : value;
  return `${flags} ${tag} ${quoted(issuers)}`;
}

/** An address in its shortest form (RFC 5952); undefined where it is none of this family. */
function canonicalAddress(text: string, family: 4 | 6): string | undefined {
  if (isIP(text) !== family || text.includes("%")) return undefined;
  return family === 4 ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/**
 * A record's value in the one form in which it is compared; what cannot be read is returned as it is, and so differs.
 */
export function canonicalValue(type: RecordType, text: string): string {
  if (type === "TXT") return unquoted(text);
  if (type === "CAA") {
    const caa = parseCaa(text);
    return caa === undefined ? text : caaText(caa);
  }
  return canonicalAddress(text, type === "A" ? 4 : 6) ?? text;
}
