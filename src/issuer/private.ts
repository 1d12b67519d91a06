import { BlockList } from "node:net";

// RFC 1918, 4193, 6598, 3927, 4291: ranges that AWS cannot reach.
const nowhere = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
] as const)
  nowhere.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of [
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
] as const)
  nowhere.addSubnet(net, prefix, "ipv6");

/** Whether an address lies in a range that the internet does not route, so that no relying party reaches it. */
export function isPrivateAddress(address: string): boolean {
  return nowhere.check(address, address.includes(":") ? "ipv6" : "ipv4");
}

/** RFC 6761, RFC 6762 and RFC 8375's names, and those that clusters and clouds use inside. */
const privateName = /(?:^|\.)(?:localhost|local|internal|svc|lan|home\.arpa)$/iu;

/** Whether a host is no public DNS name in itself, whatever it resolves to. */
export function isPrivateName(host: string): boolean {
  return !host.includes(".") || privateName.test(host);
}
