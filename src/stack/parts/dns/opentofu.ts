import type { Config } from "../../../config/index.ts";
import { attributes, type Block, Expression, type Value } from "../../../hcl/index.ts";
import type { RecordWish } from "../../../dns/index.ts";
import type { OpenTofuPart } from "../opentofu.ts";
import type { ResourceOutputs } from "../part.ts";
import { caaBlocks, type CaaPlace } from "./opentofu-caa.ts";
import { issuerHost, recordsOf } from "./records.ts";

/** The zone that a name stands in, unless somebody says another. */
const parentOf = (host: string): string => host.slice(host.indexOf(".") + 1);

function contentsOf({ type, values }: RecordWish): readonly Value[] {
  if (Array.isArray(values)) return values as readonly string[];
  if (type === "A") return [new Expression("hcloud_primary_ip.ipv4.ip_address")];
  return [new Expression("cidrhost(hcloud_primary_ip.ipv6.ip_network, 1)")];
}

const addresses = (config: Config): readonly RecordWish[] =>
  config.dns === undefined
    ? []
    : recordsOf(config, config.dns).filter(({ type }) => type === "A" || type === "AAAA");

/** Where a provider's records go, and what all of them have in common. */
function placeOf(config: Config, kind: CaaPlace["kind"]): CaaPlace {
  const host = issuerHost(config);
  if (kind === "cloudflare") {
    const zone = new Expression("data.cloudflare_zone.issuer.zone_id");
    return { kind, type: "cloudflare_dns_record", common: { zone_id: zone, name: host } };
  }
  if (kind === "route53") {
    const zone = new Expression("data.aws_route53_zone.issuer.zone_id");
    return { kind, type: "aws_route53_record", common: { zone_id: zone, name: host } };
  }
  // https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs/resources/zone_rrset
  const name = new Expression(`trimsuffix(${JSON.stringify(host)}, ".\${var.zone}")`);
  return { kind, type: "hcloud_zone_rrset", common: { zone: new Expression("var.zone"), name } };
}

function cloudflareRecords(config: Config, { type: resource, common }: CaaPlace): readonly Block[] {
  return addresses(config).flatMap((wish) =>
    contentsOf(wish).map((content, at) => ({
      type: "resource",
      labels: [resource, at === 0 ? wish.type.toLowerCase() : `${wish.type.toLowerCase()}_${at + 1}`],
      attributes: attributes({
        ...common,
        type: wish.type,
        content,
        ttl: wish.ttl,
        proxied: false,
      }),
    })),
  );
}

/** A set of records at Route 53, or at Hetzner, where each is an object. */
function recordSets(config: Config, { kind, type: resource, common }: CaaPlace): readonly Block[] {
  return addresses(config).map((wish) => ({
    type: "resource",
    labels: [resource, wish.type.toLowerCase()],
    attributes: attributes({
      ...common,
      type: wish.type,
      ttl: wish.ttl,
      records: kind === "hetzner" ? contentsOf(wish).map((value) => ({ value })) : contentsOf(wish),
    }),
  }));
}

function zoneBlocks(kind: CaaPlace["kind"]): readonly Block[] {
  const name = new Expression("var.zone");
  if (kind === "hetzner") return [];
  if (kind === "route53")
    return [{ type: "data", labels: ["aws_route53_zone", "issuer"], attributes: attributes({ name }) }];
  return [
    {
      type: "provider",
      labels: ["cloudflare"],
      attributes: [],
      comment: "The token: export CLOUDFLARE_API_TOKEN=…",
    },
    { type: "data", labels: ["cloudflare_zone", "issuer"], attributes: attributes({ filter: { name } }) },
  ];
}

function blocks(config: Config, found: ResourceOutputs): readonly Block[] {
  const { dns } = config;
  if (dns === undefined) return [];
  const { kind } = dns.provider;
  const place = placeOf(config, kind);
  const zone: Block = {
    type: "variable",
    labels: ["zone"],
    attributes: attributes({
      description: "The zone of the issuer's name.",
      type: new Expression("string"),
      default: config.named?.zone ?? parentOf(issuerHost(config)),
    }),
  };
  const records = kind === "cloudflare" ? cloudflareRecords(config, place) : recordSets(config, place);
  return [zone, ...zoneBlocks(kind), ...records, ...caaBlocks(config, found, place)];
}

/** The records of the issuer's name in OpenTofu. */
export const dnsOpenTofu: OpenTofuPart = {
  requires({ dns, machine }) {
    const kind = dns?.provider.kind;
    if (kind === "cloudflare")
      return [{ name: "cloudflare", source: "cloudflare/cloudflare", version: "~> 5.0" }];
    // A machine at Hetzner requires it already.
    if (kind !== "hetzner" || machine?.hetzner !== undefined) return [];
    return [{ name: "hcloud", source: "hetznercloud/hcloud", version: "~> 1.68" }];
  },
  blocks,
  // The records' ids are the provider's own, and podtrust keeps none.
  imports: () => [],
  outputs: () => [],
};
