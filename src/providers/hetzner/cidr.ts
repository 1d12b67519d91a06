import { isIP } from "node:net";

/** The bits of an address, most significant first. */
function bitsOf(address: string, family: 4 | 6): string {
  if (family === 4) {
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  }
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));
  const gap = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array.from({ length: gap }, () => "0"), ...groups(tail)]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}

/**
 * An address in its one form: IPv6 as RFC 5952 writes it, which is how URLs are serialised. Undefined: it is not an
 * address.
 */
export function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0 || text.includes("%")) return undefined;
  return family === 4 ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/**
 * A network in CIDR form in the form in which the API keeps it; an address alone is a network of one. Undefined where
 * it is none, or has bits beside its prefix, which the API refuses.
 */
export function canonicalCidr(text: string): string | undefined {
  const [host = "", length, ...rest] = text.split("/");
  const address = canonicalAddress(host);
  if (address === undefined || rest.length > 0) return undefined;
  const family = isIP(address) === 4 ? 4 : 6;
  const bits = family === 4 ? 32 : 128;
  if (length === undefined) return `${address}/${bits}`;
  if (!/^(?:0|[1-9]\d{0,2})$/u.test(length) || Number(length) > bits) return undefined;
  return bitsOf(address, family).slice(Number(length)).includes("1") ? undefined : `${address}/${length}`;
}

/** The address that cloud-init gives the machine in its /64: the network's first, `prefix::1`. */
export function hostAddress(ip: string): string | undefined {
  const [network = "", length] = ip.split("/");
  if (length === undefined) return canonicalAddress(network);
  return network.endsWith("::") ? canonicalAddress(`${network}1`) : undefined;
}
