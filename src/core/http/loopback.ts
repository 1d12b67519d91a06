import { BlockList, isIP } from "node:net";

// RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3. A list checks an IPv4-mapped IPv6 address as the IPv4 address that it is.
const addresses = new BlockList();
addresses.addSubnet("127.0.0.0", 8);
addresses.addAddress("::1", "ipv6");

/** Whether a name is one under `localhost`, which never leaves this machine (RFC 6761 §6.3). */
function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/**
 * Whether a host is this machine and nothing else: 127.0.0.0/8, ::1, `localhost`, or a name under it. A host is that of
 * a URL (IPv6 in brackets), of a listener, or the address of a socket. Tokens go in the clear to such a host alone.
 */
export function isLoopback(host: string): boolean {
  const name = (host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host).toLowerCase();
  if (isLocalName(name)) return true;
  const family = isIP(name);
  return family !== 0 && !name.includes("%") && addresses.check(name, family === 6 ? "ipv6" : "ipv4");
}

/**
 * What to connect to for a host: of a name under `localhost` that name itself, since not every resolver keeps its
 * subdomains on this machine.
 */
export function connectHost(host: string): string {
  return isLocalName(host.toLowerCase()) ? "localhost" : host;
}
