import type { Config } from "../../../config/index.ts";
import { attributes, type Block, Expression, type Value } from "../../../hcl/index.ts";
import type { RecordWish } from "../../../dns/index.ts";
import type { OpenTofuPart } from "../opentofu.ts";
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

function cloudflareRecords(config: Config): readonly Block[] {
  return addresses(config).flatMap((wish) =>
    contentsOf(wish).map((content, at) => ({
      type: "resource",
      labels: [
        "cloudflare_dns_record",
        at === 0 ? wish.type.toLowerCase() : `${wish.type.toLowerCase()}_${at + 1}`,
      ],
      attributes: attributes({
        zone_id: new Expression("data.cloudflare_zone.issuer.zone_id"),
        name: wish.name,
        type: wish.type,
        content,
        ttl: wish.ttl,
        proxied: false,
      }),
    })),
  );
}

function route53Records(config: Config): readonly Block[] {
  return addresses(config).map((wish) => ({
    type: "resource",
    labels: ["aws_route53_record", wish.type.toLowerCase()],
    attributes: attributes({
      zone_id: new Expression("data.aws_route53_zone.issuer.zone_id"),
      name: wish.name,
      type: wish.type,
      ttl: wish.ttl,
      records: contentsOf(wish),
    }),
  }));
}

// https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs/resources/zone_rrset
function hetznerRecords(config: Config): readonly Block[] {
  const host = issuerHost(config);
  const name = new Expression(`trimsuffix(${JSON.stringify(host)}, ".\${var.zone}")`);
  return addresses(config).map((wish) => ({
    type: "resource",
    labels: ["hcloud_zone_rrset", wish.type.toLowerCase()],
    attributes: attributes({
      zone: new Expression("var.zone"),
      name,
      type: wish.type,
      ttl: wish.ttl,
      records: contentsOf(wish).map((value) => ({ value })),
    }),
  }));
}

function blocks(config: Config): readonly Block[] {
  const { dns } = config;
  if (dns === undefined) return [];
  const zone: Block = {
    type: "variable",
    labels: ["zone"],
    attributes: attributes({
      description: "The zone of the issuer's name.",
      type: new Expression("string"),
      default: parentOf(issuerHost(config)),
    }),
  };
  const name = new Expression("var.zone");
  if (dns.provider.kind === "route53") {
    const data: Block = {
      type: "data",
      labels: ["aws_route53_zone", "issuer"],
      attributes: attributes({ name }),
    };
    return [zone, data, ...route53Records(config)];
  }
  if (dns.provider.kind === "hetzner") return [zone, ...hetznerRecords(config)];
  return [
    zone,
    {
      type: "provider",
      labels: ["cloudflare"],
      attributes: [],
      comment: "The token: export CLOUDFLARE_API_TOKEN=…",
    },
    { type: "data", labels: ["cloudflare_zone", "issuer"], attributes: attributes({ filter: { name } }) },
    ...cloudflareRecords(config),
  ];
}

/**
 * The issuer's addresses in OpenTofu. CAA records are left out: they name accounts that the publisher registers, and it
 * renews without them.
 */
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
