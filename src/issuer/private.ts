import { BlockList } from "node:net";

type Range = readonly [net: string, prefix: number];

/** Where IPv6 carries an IPv4 address, and behind how many bits: NAT64 (RFC 6052 §2.1) and 6to4 (RFC 3056 §2). */
const carriers = [
  ["64:ff9b::", "", 96],
  ["2002:", "::", 16],
] as const;

/** A list that knows each IPv4 range, whose last two bytes are zeros, in its IPv6 forms too; a mapped one it knows by itself. */
function listOf(ipv4: readonly Range[], ipv6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ipv4) {
    list.addSubnet(net, prefix, "ipv4");
    const [a = 0, b = 0] = net.split(".").map(Number);
    const words = `${(a * 256 + b).toString(16)}:0`;
    for (const [before, after, bits] of carriers)
      list.addSubnet(`${before}${words}${after}`, bits + prefix, "ipv6");
  }
  for (const [net, prefix] of ipv6) list.addSubnet(net, prefix, "ipv6");
  return list;
}

// RFC 1122 §3.2.1.3, 1918, 3927, 4193, 4291, 6598, 6890 and 8215: ranges that AWS cannot reach.
const nowhere = listOf(
  [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.168.0.0", 16],
    ["100.64.0.0", 10],
    ["169.254.0.0", 16],
    ["127.0.0.0", 8],
  ],
  [
    ["::", 128],
    ["::1", 128],
    ["64:ff9b:1::", 48],
    ["fc00::", 7],
    ["fe80::", 10],
    ["fec0::", 10],
  ],
);

// RFC 3927 and RFC 4291 §2.5.6; and where AWS has the same by IPv6 (EC2 User Guide, "Access instance metadata").
const linkLocal = listOf(
  [["169.254.0.0", 16]],
  [
    ["fe80::", 10],
    ["fd00:ec2::254", 128],
  ],
);

const isIn = (list: BlockList, address: string): boolean => {
  const [plain = ""] = address.split("%");
  return list.check(plain, plain.includes(":") ? "ipv6" : "ipv4");
};

/** Whether an address lies in a range that the internet does not route, so that no relying party reaches it. */
export function isPrivateAddress(address: string): boolean {
  return isIn(nowhere, address);
}

/** Whether an address is of this link alone, where clouds serve a machine its credentials without asking who it is. */
export function isLinkLocal(address: string): boolean {
  return isIn(linkLocal, address);
}

/** RFC 6761, RFC 6762 and RFC 8375's names, and those that clusters and clouds use inside. */
const privateName = /(?:^|\.)(?:localhost|local|internal|svc|lan|home\.arpa)$/iu;

/** Whether a host is no public DNS name in itself, whatever it resolves to. */
export function isPrivateName(host: string): boolean {
  return !host.includes(".") || privateName.test(host);
}
