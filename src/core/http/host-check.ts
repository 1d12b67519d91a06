import { isIP } from "node:net";

function nameOf(hostHeader: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d{1,5})?$/u.exec(hostHeader);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}

function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** Whether only this machine reaches what listens there, or is where a connection came from: an address of a socket. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/u, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/**
 * Whether a request with this Host header is meant for what listens on `listen`, an address or a name. A site that
 * points its own name at this address (DNS rebinding) sends that name; it must not read what is only for those who
 * can reach the address. Loopback names are let in, and the address listened on; where that is every address of the
 * machine, any literal address is, since no name can be rebound to be one.
 */
export function hostAllowed(hostHeader: string, listen: string): boolean {
  const name = nameOf(hostHeader);
  if (name === "") return false;
  if (isLoopback(name) || name === listen.toLowerCase()) return true;
  return (listen === "0.0.0.0" || listen === "::") && isIP(name) !== 0;
}
