interface Block {
  readonly bits: 32 | 128;
  readonly address: bigint;
  /** Leading bits that count. */
  readonly prefix: number;
}

function v4Number(text: string): bigint {
  return text.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
}

/** A dotted tail (`::ffff:192.0.2.1`) as two groups of hex. */
function hexTail(text: string): string {
  const cut = text.lastIndexOf(":") + 1;
  if (!text.includes(".")) return text;
  const tail = v4Number(text.slice(cut));
  return `${text.slice(0, cut)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
}

function v6Number(text: string): bigint {
  const [head = "", tail] = hexTail(text).split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const v4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`, "u");

/** Groups of an IPv6 address beside `::`; a dotted tail counts as two. Undefined for what are none. */
function groupCount(part: string, mayBeDotted: boolean): number | undefined {
  if (part === "") return 0;
  const groups = part.split(":");
  const dotted = mayBeDotted && v4.test(groups.at(-1) as string);
  const hex = dotted ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/iu.test(group))) return undefined;
  return hex.length + (dotted ? 2 : 0);
}

/** RFC 4291 §2.2: eight groups of 16 bits, of which `::` stands for one or more that are zero. */
function isV6(text: string): boolean {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return false;
  const [before, after] = [groupCount(head, tail === undefined), groupCount(tail ?? "", true)];
  if (before === undefined || after === undefined) return false;
  return tail === undefined ? before === 8 : before + after < 8;
}

function familyOf(address: string): 0 | 4 | 6 {
  if (v4.test(address)) return 4;
  return isV6(address) ? 6 : 0;
}

/** An address or a CIDR block (RFC 4632, RFC 4291); undefined for everything else, zones included. */
function blockOf(text: string): Block | undefined {
  const [address = "", prefix, ...rest] = text.trim().split("/");
  const family = familyOf(address);
  if (family === 0 || rest.length > 0) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/u.test(prefix)) return undefined;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return undefined;
  return { bits, address: family === 4 ? v4Number(address) : v6Number(address), prefix: length };
}

/** Whether an address lies in a CIDR block of the same family. */
export function inBlock(block: string, address: string): boolean {
  const [wanted, actual] = [blockOf(block), blockOf(address)];
  if (wanted === undefined || actual === undefined || wanted.bits !== actual.bits) return false;
  const shift = BigInt(wanted.bits - wanted.prefix);
  return actual.prefix === actual.bits && wanted.address >> shift === actual.address >> shift;
}
