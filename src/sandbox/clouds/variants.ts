import { nearest, PodtrustError } from "../../core/base/index.ts";
import type { StandInCloudflareOptions } from "../cloudflare/index.ts";
import type { StandInHetznerOptions } from "../hetzner/index.ts";

/**
 * The documented forms of answers by name, each with its values, the default first. Documentation, clients and
 * recordings disagree on which one comes today, so a client has to accept all.
 */
export const cloudVariants = {
  "hetzner.readOnlyRefusal": ["forbidden", "token_readonly"],
  "hetzner.freeAssigneeType": ["unassigned", "server"],
  "hetzner.invalidInputDetails": ["yes", "no"],
  "cloudflare.validationErrors": ["plain", "chained"],
  "cloudflare.unknownZone": ["empty", "refusal"],
  "cloudflare.emptyComment": ["null", "absent"],
} as const;

interface Variants {
  readonly hetzner: NonNullable<StandInHetznerOptions["variants"]>;
  readonly cloudflare: NonNullable<StandInCloudflareOptions["variants"]>;
}

function check(name: string, value: string): void {
  const known: Readonly<Record<string, readonly string[]>> = cloudVariants;
  const values = known[name];
  const near = values === undefined ? nearest(name, Object.keys(known)) : nearest(value, values);
  if (values?.includes(value) === true) return;
  const sentence =
    values === undefined ? `no variant is called ${name}` : `the variant ${name} cannot be ${value}`;
  const all = values === undefined ? Object.keys(known) : values;
  throw new PodtrustError("usage", sentence, {
    next: near === undefined ? `One of ${all.join(", ")}.` : `Did you mean ${near}?`,
    detail: { name, value },
  });
}

/** The variants of each stand-in. Throws `usage` for an unknown name or value. */
export function variantsOf(named: Readonly<Record<string, string>>): Variants {
  const variants: { hetzner: Record<string, unknown>; cloudflare: Record<string, unknown> } = {
    hetzner: {},
    cloudflare: {},
  };
  for (const [name, value] of Object.entries(named)) {
    check(name, value);
    const [cloud, key = ""] = name.split(".");
    variants[cloud === "hetzner" ? "hetzner" : "cloudflare"][key] =
      key === "invalidInputDetails" ? value === "yes" : value;
  }
  return variants;
}
