import { caaMethods, type Config } from "../../../config/index.ts";
import { attributes, type Block, Expression, type Value } from "../../../hcl/index.ts";
import type { ResourceOutputs } from "../part.ts";
import { accountsOutput } from "../publisher/index.ts";
import { caaAccounts, caaIssue, caaTtl } from "./caa.ts";

/** Accounts by their URIs, each with the name of its authority: a map, since OpenTofu iterates over those. */
const variableName = "caa_accounts";
const accounts = new Expression(`var.${variableName}`);

function variable(config: Config, found: ResourceOutputs): Block {
  const output = accountsOutput(config);
  const text = output === undefined ? undefined : found.get(output.after)?.[output.name];
  const known = caaAccounts(text ?? "[]").map(({ uri, authority }) => [uri, authority] as const);
  return {
    type: "variable",
    labels: [variableName],
    attributes: attributes({
      description:
        "The publisher's accounts at certificate authorities by their URIs, each with the name that its authority has in CAA records. There are none before podtrust up; then podtrust export opentofu --import writes them here.",
      type: new Expression("map(string)"),
      default: Object.fromEntries(known),
    }),
  };
}

/** A text with references in it. */
const template = (text: string): Expression => new Expression(JSON.stringify(text));

/** A list of one value for each account. */
const forEach = (value: string): Expression =>
  new Expression(`[for uri, authority in ${accounts.text} : ${value}]`);

/** What all of a provider's records have in common, and how it takes the name. */
export interface CaaPlace {
  readonly kind: "cloudflare" | "route53" | "hetzner";
  readonly type: string;
  readonly common: Readonly<Record<string, Value>>;
}

function record({ kind, type, common }: CaaPlace, methods: readonly string[]): Block {
  const all = { ...common, type: "CAA", ttl: caaTtl };
  const resource = (values: Readonly<Record<string, Value>>): Block => ({
    type: "resource",
    labels: [type, "caa"],
    attributes: attributes(values),
  });
  if (kind === "cloudflare") {
    const account = { authority: "${each.value}", uri: "${each.key}" };
    const value = template(caaIssue(account, methods));
    return resource({ for_each: accounts, ...all, data: { flags: 0, tag: "issue", value } });
  }
  const account = { authority: "${authority}", uri: "${uri}" };
  const value = template(`0 issue "${caaIssue(account, methods)}"`).text;
  // A set without records is none.
  const count = new Expression(`length(${accounts.text}) > 0 ? 1 : 0`);
  const records = forEach(kind === "hetzner" ? `{ value = ${value} }` : value);
  return resource({ count, ...all, records });
}

/**
 * The CAA records of the issuer's name in OpenTofu: of the accounts of a publisher that stands, where `found` has them,
 * else of those that somebody gives for the variable.
 */
export function caaBlocks(config: Config, found: ResourceOutputs, place: CaaPlace): readonly Block[] {
  const methods = caaMethods(config);
  if (methods.length === 0 || accountsOutput(config) === undefined) return [];
  return [variable(config, found), record(place, methods)];
}
