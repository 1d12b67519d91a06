import { atDoor } from "../errors/index.ts";
import type { StandInHetzner } from "./hetzner.ts";
import type { StandInHetznerOptions } from "./options.ts";

/**
 * Starts a stand-in for the Hetzner Cloud API on loopback: SSH keys, firewalls, primary IPs, servers and what they are
 * chosen from, with actions that take time, firewalls that are `pending`, resources that stay in use for a while, and
 * requests that fail. No machine is started, unless `machines` does.
 *
 * @example
 * ```ts
 * const hetzner = await startStandInHetzner({ mischief: "off" });
 * ```
 */
export function startStandInHetzner(options: StandInHetznerOptions = {}): Promise<StandInHetzner> {
  return atDoor(async () => (await import("./hetzner.ts")).openHetzner(options));
}
