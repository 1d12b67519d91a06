import type { Config } from "../../../config/index.ts";
import { HclExpression, type HclValue } from "../../export/hcl/index.ts";
import { type RecordKey, recordNames } from "../../../rules/dns/index.ts";
import { cloudLabels, ownershipComment } from "../../../rules/plan/index.ts";
import type { ResourceOutputs } from "../part.ts";
import { issuerHost } from "./records.ts";

/** Where a provider's records go in OpenTofu: what all of them have in common, and how they are imported. */
export interface RecordTemplate {
  readonly kind: "cloudflare" | "route53" | "hetzner";
  readonly type: string;
  /** Zone, name, and the stack's marks. */
  readonly common: Readonly<Record<string, HclValue>>;
  /** The provider's import id of a record; undefined if none is known to exist. */
  importId(key: RecordKey, value?: string): HclValue | undefined;
}

/** Whether a set of the stack's exists, and the provider's ids of its records. */
function standing(found: ResourceOutputs, key: RecordKey): Readonly<Record<string, string>> | undefined {
  const outputs = found.get(recordNames(key).id);
  return outputs && (JSON.parse(outputs["recordIds"] ?? "{}") as Record<string, string>);
}

function cloudflareTemplate(config: Config, host: string, found: ResourceOutputs): RecordTemplate {
  const zone = "data.cloudflare_zone.issuer.zone_id";
  return {
    kind: "cloudflare",
    type: "cloudflare_dns_record",
    common: { zone_id: new HclExpression(zone), name: host, comment: ownershipComment.of(config) },
    importId(key, value) {
      const ids = standing(found, key) ?? {};
      // A machine's address has one record, whatever its value.
      const id = value === undefined ? Object.values(ids)[0] : ids[value];
      return id === undefined ? undefined : new HclExpression(`"\${${zone}}/${id}"`);
    },
  };
}

const setsAt = (name: string): readonly RecordKey[] =>
  (["A", "AAAA", "CAA"] as const).map((type) => ({ name, type }));

function route53Template(_config: Config, host: string, found: ResourceOutputs): RecordTemplate {
  const zone = "data.aws_route53_zone.issuer.zone_id";
  return {
    kind: "route53",
    type: "aws_route53_record",
    common: { zone_id: new HclExpression(zone), name: host },
    importId(key) {
      // The claim exists if a set of the stack's does.
      const sets = key.type === "TXT" ? setsAt(host) : [key];
      const stands = sets.some((one) => standing(found, one) !== undefined);
      return stands ? new HclExpression(`"\${${zone}}_${key.name}_${key.type}"`) : undefined;
    },
  };
}

function hetznerTemplate(config: Config, host: string, found: ResourceOutputs): RecordTemplate {
  const [zone, quoted] = ["var.zone", JSON.stringify(host)];
  // https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs/resources/zone_rrset
  const name = `${quoted} == ${zone} ? "@" : trimsuffix(${quoted}, ".\${${zone}}")`;
  return {
    kind: "hetzner",
    type: "hcloud_zone_rrset",
    common: { zone: new HclExpression(zone), name: new HclExpression(name), labels: cloudLabels.of(config) },
    importId(key) {
      if (standing(found, key) === undefined) return undefined;
      return new HclExpression(`"\${${zone}}/\${${name}}/${key.type}"`);
    },
  };
}

const templates = { cloudflare: cloudflareTemplate, route53: route53Template, hetzner: hetznerTemplate };

/** The template of a config's records; undefined if it manages none. `found` has what is known of existing ones. */
export function templateOf(config: Config, found: ResourceOutputs): RecordTemplate | undefined {
  if (config.dns === undefined) return undefined;
  return templates[config.dns.provider.kind](config, issuerHost(config), found);
}
