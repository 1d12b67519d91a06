import { isIP } from "node:net";

/** The bits of an address, most significant first. */
function bitsOf(address: string): string {
  if (isIP(address) === 4)
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...gap, ...right]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}

/** An IPv6 address in the form of RFC 5952, as the WHATWG URL serialiser writes it. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/**
 * A network in CIDR form as the API keeps it: IPv6 in RFC 5952 form. Undefined if it has no prefix length, is no
 * address, or has bits outside its prefix.
 */
export function canonicalCidr(text: string): string | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  const family = isIP(address);
  if (rest.length > 0 || family === 0 || address.includes("%") || !/^\d{1,3}$/u.test(length))
    return undefined;
  const size = Number(length);
  if (size > (family === 4 ? 32 : 128)) return undefined;
  const plain = family === 4 ? address : canonicalIpv6(address);
  return bitsOf(plain).slice(size).includes("1") ? undefined : `${plain}/${size}`;
}
