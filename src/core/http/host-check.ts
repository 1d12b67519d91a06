import { isIP } from "node:net";
import { isLoopback } from "./loopback.ts";

function nameOf(hostHeader: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d{1,5})?$/u.exec(hostHeader);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}

/** The Host of a request; empty where it has none, or more than one, of which nobody knows which is meant (RFC 9112 §3.2). */
export function oneHost({
  headersDistinct,
}: {
  readonly headersDistinct: Readonly<NodeJS.Dict<readonly string[]>>;
}): string {
  const [host = "", ...others] = headersDistinct["host"] ?? [];
  return others.length === 0 ? host : "";
}

/**
 * Whether a request with this Host header is meant for what listens on `listen`, an address or a name. A site that
 * points its own name at this address (DNS rebinding) sends that name; it must not read what is only for clients that
 * can reach the address. Loopback names are let in, and the address listened on; where that is every address of the
 * machine, any literal address is, since no name can be rebound to be one.
 */
export function hostAllowed(hostHeader: string, listen: string): boolean {
  const name = nameOf(hostHeader);
  if (name === "") return false;
  if (isLoopback(name) || name === listen.toLowerCase()) return true;
  return (listen === "0.0.0.0" || listen === "::") && isIP(name) !== 0;
}
