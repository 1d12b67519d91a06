import { isIP } from "node:net";
import type { Config, DnsConfig } from "../../../config/index.ts";
import { canonicalValue, type RecordSpec } from "../../../rules/dns/index.ts";
import { hetznerNames } from "../../../providers/hetzner/index.ts";
import { machineAddresses } from "../hetzner/resources.ts";

/** Seconds for which resolvers cache an answer: short, so that a machine can be replaced. */
const ttl = 60;

const families = [
  { type: "A", family: 4, name: "ipv4" },
  { type: "AAAA", family: 6, name: "ipv6" },
] as const;

/** The name under which the issuer is published. */
export function issuerHost({ issuer }: Pick<Config, "issuer">): string {
  return new URL(issuer).hostname;
}

/** The addresses that are known without asking: those of the config, or of a machine named by its own. */
function fixedAddresses({ machine }: Config, { addresses }: DnsConfig): readonly string[] {
  if (addresses !== undefined) return addresses;
  const { address = "" } = machine?.ssh ?? {};
  return isIP(address) === 0 ? [] : [address];
}

/** The records that a config wants at the issuer's name: of its addresses, or else of its machine. */
export function recordsOf(config: Config, dns: DnsConfig): readonly RecordSpec[] {
  const name = issuerHost(config);
  const { stack, machine } = config;
  const fixed = fixedAddresses(config, dns);
  const hetzner = dns.addresses === undefined ? machine?.hetzner : undefined;
  const later = hetzner === undefined ? {} : machineAddresses(stack, hetzner);
  return families.flatMap(({ type, family, name: ofFamily }): RecordSpec[] => {
    const output = later[ofFamily];
    if (output !== undefined) {
      // The name leads to what was there until the server is up.
      const dependsOn = [hetznerNames("server", stack).id];
      return [{ name, type, ttl, values: { from: output, make: (address) => [address] }, dependsOn }];
    }
    const values = fixed
      .filter((address) => isIP(address) === family)
      .map((one) => canonicalValue(type, one));
    return values.length === 0 ? [] : [{ name, type, ttl, values: [...new Set(values)] }];
  });
}

/** A likely mistake: a name that resolves to nothing although the config wants it managed. */
export function recordWarnings(config: Config, dns: DnsConfig): readonly string[] {
  if (dns.addresses !== undefined || recordsOf(config, dns).length > 0) return [];
  const { address } = config.machine?.ssh ?? {};
  const said =
    address === undefined
      ? "dns names no addresses and there is no machine"
      : `dns names no addresses, and the machine's ${address} is a name`;
  return [
    `${said}: ${issuerHost(config)} gets neither A nor AAAA records (dns.addresses; [] if that is meant)`,
  ];
}
