import { route53Claim } from "../../../providers/aws/index.ts";
import type { Config } from "../../../config/index.ts";
import type { RecordSpec } from "../../../rules/dns/index.ts";
import { attributes, type Block, HclExpression, type HclValue } from "../../export/hcl/index.ts";
import { importBlock, type OpenTofuPart } from "../opentofu.ts";
import type { ResourceOutputs } from "../part.ts";
import { caaBlocks, caaImports, hasAccounts, hasCaa } from "./opentofu-caa.ts";
import { templateOf, type RecordTemplate } from "./opentofu-template.ts";
import { issuerHost, recordsOf } from "./records.ts";

/** The zone of a name, unless the config names another. */
const parentOf = (host: string): string => host.slice(host.indexOf(".") + 1);

/** A record, or a set of them: its resource's name, and its content. */
interface Written {
  readonly label: string;
  readonly spec: RecordSpec;
  readonly contents: readonly HclValue[];
  /** Its id at a provider that identifies each record; undefined for a machine's address. */
  readonly value?: string;
}

function contentsOf({ type, values }: RecordSpec): readonly HclValue[] {
  if (Array.isArray(values)) return values as readonly string[];
  if (type === "A") return [new HclExpression("hcloud_primary_ip.ipv4.ip_address")];
  return [new HclExpression("cidrhost(hcloud_primary_ip.ipv6.ip_network, 1)")];
}

/** The records of the issuer's addresses: at Cloudflare each individually, elsewhere one set per type. */
function written(config: Config, { kind }: RecordTemplate): readonly Written[] {
  const specs = config.dns === undefined ? [] : recordsOf(config, config.dns);
  return specs.flatMap((spec): readonly Written[] => {
    const label = spec.type.toLowerCase();
    const contents = contentsOf(spec);
    if (kind !== "cloudflare") return [{ label, spec, contents }];
    return contents.map((content, at) => ({
      label: at === 0 ? label : `${label}_${at + 1}`,
      spec,
      contents: [content],
      ...(typeof content === "string" ? { value: content } : {}),
    }));
  });
}

function recordBlock(
  { kind, type: resource, common }: RecordTemplate,
  { label, spec, contents }: Written,
): Block {
  const { type, ttl } = spec;
  const [content = ""] = contents;
  const held = {
    cloudflare: { content, ttl, proxied: false },
    route53: { ttl, records: contents },
    hetzner: { ttl, records: contents.map((value) => ({ value })) },
  }[kind];
  return {
    type: "resource",
    labels: [resource, label],
    attributes: attributes({ ...common, type, ...held }),
  };
}

/** Records of Route 53 carry no marks: the stack's is a TXT record beside them, which names their types. */
function claimBlocks(config: Config, template: RecordTemplate): readonly Block[] {
  const all = written(config, template).map(({ spec }) => spec.type);
  if (template.kind !== "route53" || all.length + Number(hasCaa(config)) === 0) return [];
  const claim = (types: readonly string[]) => route53Claim(config, issuerHost(config), types);
  const { name, value } = claim(all);
  const text = JSON.stringify(value);
  const withCaa = JSON.stringify(claim([...all, "CAA"]).value);
  const said = hasCaa(config) ? new HclExpression(`${hasAccounts} ? ${withCaa} : ${text}`) : value;
  const values = { ...template.common, name, type: "TXT", ttl: 60, records: [said] };
  return [{ type: "resource", labels: [template.type, "claim"], attributes: attributes(values) }];
}

function zoneBlocks(kind: RecordTemplate["kind"]): readonly Block[] {
  const name = new HclExpression("var.zone");
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
  const template = templateOf(config, found);
  if (template === undefined) return [];
  const zone: Block = {
    type: "variable",
    labels: ["zone"],
    attributes: attributes({
      description: "The zone of the issuer's name.",
      type: new HclExpression("string"),
      default: config.named?.zone ?? parentOf(issuerHost(config)),
    }),
  };
  return [
    zone,
    ...zoneBlocks(template.kind),
    ...written(config, template).map((one) => recordBlock(template, one)),
    ...caaBlocks(config, found, template),
    ...claimBlocks(config, template),
  ];
}

function imports(config: Config, found: ResourceOutputs): readonly Block[] {
  const template = templateOf(config, found);
  if (template === undefined) return [];
  const records = written(config, template).map(({ label, spec, value }) => ({
    label,
    id: template.importId(spec, value),
  }));
  const { name } = route53Claim(config, issuerHost(config), []);
  const claims = claimBlocks(config, template).map(() => ({
    label: "claim",
    id: template.importId({ name, type: "TXT" }),
  }));
  return [
    ...[...records, ...claims].flatMap(({ label, id }) =>
      id === undefined ? [] : [importBlock(`${template.type}.${label}`, id)],
    ),
    ...caaImports(config, found, template),
  ];
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
  imports,
  outputs: () => [],
};
