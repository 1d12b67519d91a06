import type { StandInHetzner, StandInHetznerOptions } from "./hetzner.ts";

/**
 * Starts a stand-in for the Hetzner Cloud API on loopback: SSH keys, firewalls, primary IPs, servers and what they
 * are chosen from, with actions that take time, firewalls that are `pending`, things that stay in use for a while,
 * and requests that go wrong. No machine is started, unless `machines` does.
 */
export async function startStandInHetzner(options: StandInHetznerOptions = {}): Promise<StandInHetzner> {
  const { openHetzner } = await import("./hetzner.ts");
  return openHetzner(options);
}
