import { caaMethods, type Config } from "../../../config/index.ts";
import { attributes, type Block, HclExpression, type HclValue } from "../../export/hcl/index.ts";
import type { ResourceOutputs } from "../part.ts";
import { accountsOutput } from "../publisher/part.ts";
import { caaText } from "../../../rules/dns/index.ts";
import { importBlock } from "../opentofu.ts";
import { type CaaAccount, caaAccounts, caaIssue, caaTtl } from "./caa.ts";
import type { RecordTemplate } from "./opentofu-template.ts";
import { issuerHost } from "./records.ts";

/** Accounts by their URIs, each with the name of its authority: a map, since OpenTofu iterates over those. */
const variableName = "caa_accounts";
const accounts = new HclExpression(`var.${variableName}`);

/** The accounts of an existing publisher. */
function knownAccounts(config: Config, found: ResourceOutputs): readonly CaaAccount[] {
  const output = accountsOutput(config);
  const text = output === undefined ? undefined : found.get(output.after)?.[output.name];
  return caaAccounts(text ?? "[]");
}

function variable(config: Config, found: ResourceOutputs): Block {
  const known = knownAccounts(config, found).map(({ uri, authority }) => [uri, authority] as const);
  return {
    type: "variable",
    labels: [variableName],
    attributes: attributes({
      description:
        "The publisher's accounts at certificate authorities by their URIs, each with the name that its authority has in CAA records. There are none before podtrust up; then podtrust export opentofu --import writes them here.",
      type: new HclExpression("map(string)"),
      default: Object.fromEntries(known),
    }),
  };
}

/** In OpenTofu's words: whether there are CAA records. */
export const hasAccounts = `length(${accounts.text}) > 0`;

/** A text with references in it. */
const template = (text: string): HclExpression => new HclExpression(JSON.stringify(text));

/** A list of one value for each account. */
const forEach = (value: string): HclExpression =>
  new HclExpression(`[for uri, authority in ${accounts.text} : ${value}]`);

function record({ kind, type, common }: RecordTemplate, methods: readonly string[]): Block {
  const all = { ...common, type: "CAA", ttl: caaTtl };
  const resource = (values: Readonly<Record<string, HclValue>>): Block => ({
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
  // A set without records does not exist.
  const count = new HclExpression(`${hasAccounts} ? 1 : 0`);
  const records = forEach(kind === "hetzner" ? `{ value = ${value} }` : value);
  return resource({ count, ...all, records });
}

/**
 * The CAA records of the issuer's name in OpenTofu: of the accounts of an existing publisher, if `found` has them, else
 * of those given in the variable.
 */
export function caaBlocks(
  config: Config,
  found: ResourceOutputs,
  recordTemplate: RecordTemplate,
): readonly Block[] {
  if (!hasCaa(config)) return [];
  return [variable(config, found), record(recordTemplate, caaMethods(config))];
}

/** Whether a config's name gets CAA records once its publisher has accounts. */
export const hasCaa = (config: Config): boolean =>
  caaMethods(config).length > 0 && accountsOutput(config) !== undefined;

/** `import` blocks for those of them that exist. */
export function caaImports(
  config: Config,
  found: ResourceOutputs,
  recordTemplate: RecordTemplate,
): readonly Block[] {
  if (!hasCaa(config)) return [];
  const methods = caaMethods(config);
  const key = { name: issuerHost(config), type: "CAA" } as const;
  const known = knownAccounts(config, found).map((account) => {
    const value = caaText({ flags: 0, tag: "issue", value: caaIssue(account, methods) });
    return {
      to: `${recordTemplate.type}.caa[${JSON.stringify(account.uri)}]`,
      id: recordTemplate.importId(key, value),
    };
  });
  const set = { to: `${recordTemplate.type}.caa[0]`, id: recordTemplate.importId(key) };
  const all = recordTemplate.kind === "cloudflare" ? known : known.slice(0, 1).map(() => set);
  return all.flatMap(({ to, id }) => (id === undefined ? [] : [importBlock(to, id)]));
}
