import { atDoor } from "../errors/index.ts";
import type { StandInCa, StandInCaOptions } from "./types.ts";

/**
 * Starts a stand-in certificate authority on loopback: ACME (RFC 8555, 8737, 9773 and profiles) with HTTP-01,
 * TLS-ALPN-01 and, given a resolver, DNS-01, over HTTPS under a CA of its own. It validates once, from here, and
 * looks at no CAA records.
 *
 * @example
 * ```ts
 * await using authority = await startAuthority({ connectTo });
 * const client = { directory: authority.directoryUrl, ca: authority.tlsCa };
 * ```
 */
export function startAuthority(options: StandInCaOptions = {}): Promise<StandInCa> {
  // The code that writes certificates loads slower than all of AWS, and most sandboxes do not need it.
  return atDoor(async () => (await import("./ca.ts")).openAuthority(options));
}
