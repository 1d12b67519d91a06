import { isIP } from "node:net";

function nameOf(hostHeader: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d{1,5})?$/u.exec(hostHeader);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}

function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/**
 * Whether a Host header may see the page. A site that points its own name at this address (DNS rebinding) sends
 * that name; it must not read what stands here. Loopback names are let in, and the address listened on; where
 * that is every address of the machine, any literal address is, since no name can be rebound to be one.
 */
export function mayVisit(hostHeader: string, listen: string): boolean {
  const name = nameOf(hostHeader);
  if (name === "") return false;
  if (isLoopback(name) || name === listen.toLowerCase()) return true;
  return (listen === "0.0.0.0" || listen === "::") && isIP(name) !== 0;
}
