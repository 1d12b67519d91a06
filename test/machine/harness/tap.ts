import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import type { MachineOrder } from "../../../src/sandbox/index.ts";
import type { MachineRoom } from "../emulator/index.ts";

const run = promisify(execFile);

/** Whether this process has a network of its own, as tools/test.ts starts the suites, with any address it likes. */
export function hasOwnNetwork(): boolean {
  return process.env["PODTRUST_OWN_NETWORK"] === "yes";
}

/** Why no machine's IPv6 address is reached from here; undefined where it is. */
export function whyNoIpv6(): string | undefined {
  if (!hasOwnNetwork()) return "a network of the test's own is what npm run test:machine gives";
  return existsSync("/dev/net/tun") ? undefined : "/dev/net/tun is not there (modprobe tun)";
}

/** What this machine is to others: outside of all networks that the stand-in for Hetzner gives away. */
const ownAddress = "2001:db8::1/128";
/** Hetzner's gateway, which a machine finds in its metadata. */
const gateway = "fe80::1/64";

/**
 * Makes a device by which this machine is the neighbour of an emulated one, and its gateway to all of IPv6: QEMU's own
 * network forwards IPv4 alone. IPv4 stays there, so that nothing of it is answered here.
 */
async function openTap(device: string, network: string): Promise<void> {
  await run("ip", ["tuntap", "add", "dev", device, "mode", "tap"]);
  await writeFile(`/proc/sys/net/ipv4/conf/${device}/arp_ignore`, "8");
  for (const words of [
    `link set ${device} up`,
    `-6 address add ${gateway} dev ${device} nodad`,
    `-6 address replace ${ownAddress} dev lo`,
    `-6 route replace ${network} dev ${device}`,
  ])
    await run("ip", words.split(" "));
}

/**
 * Gives this machine's loopback an address, unless it has it. Who connects to it comes from 127.0.0.1, which the emulator
 * shows the machine as another's: from the machine's own address it would not take anything.
 */
async function addAddress(address: string): Promise<void> {
  await run("ip", ["address", "replace", `${address}/32`, "dev", "lo"]);
  await run("ip", `route replace local ${address} dev lo table local src 127.0.0.1`.split(" "));
}

/** In a network of the test's own, a machine is reached at its own addresses too; what is made for it goes with it. */
export async function attach({
  id,
  ipv4,
  ipv6,
}: MachineOrder): ReturnType<NonNullable<MachineRoom["attach"]>> {
  const addresses = hasOwnNetwork() && ipv4 !== undefined ? [ipv4] : [];
  for (const address of addresses) await addAddress(address);
  const device = ipv6 === undefined || whyNoIpv6() !== undefined ? undefined : `machine${id}`;
  if (device === undefined || ipv6 === undefined)
    return { addresses, netdevs: {}, detach: () => Promise.resolve() };
  await openTap(device, ipv6);
  return {
    addresses,
    netdevs: { ipv6: `tap,id=ipv6,ifname=${device},script=no,downscript=no` },
    // Its route goes with it.
    detach: async () => void (await run("ip", ["link", "delete", device])),
  };
}
