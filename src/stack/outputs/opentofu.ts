import type { Config } from "../../config/index.ts";
import { attributes, type Block, hclText } from "../export/hcl/index.ts";
import { iamProviderKey } from "../../rules/oidc/index.ts";
import { type OpenTofuPart, openTofuPartsOf, type ResourceOutputs } from "../parts/index.ts";

interface OpenTofuSpec {
  /** Adds `import` blocks, with which OpenTofu takes over what podtrust made. */
  readonly imports?: boolean;
  /** What is known of existing resources: ids for those blocks, and accounts at certificate authorities. */
  readonly found?: ResourceOutputs;
}

function settings(config: Config, parts: readonly OpenTofuPart[]): Block {
  const required = parts.flatMap((part) => part.requires(config));
  return {
    type: "terraform",
    labels: [],
    comment: `Stack ${config.stack}, as podtrust export wrote it. OpenTofu and podtrust see the same things: each has podtrust's marks.`,
    attributes: attributes({ required_version: ">= 1.6" }),
    blocks: [
      {
        type: "required_providers",
        labels: [],
        attributes: attributes(
          Object.fromEntries(required.map(({ name, source, version }) => [name, { source, version }])),
        ),
      },
    ],
  };
}

/** What a config owns, as one OpenTofu (or Terraform) file, formatted like `tofu fmt`. */
export async function openTofuText(
  config: Config,
  { imports = false, found = new Map() }: OpenTofuSpec = {},
): Promise<string> {
  const parts = await openTofuPartsOf(config);
  const blocks = parts.flatMap((part) => part.blocks(config, found));
  const taken = imports ? parts.flatMap((part) => part.imports(config, found)) : [];
  const outputs = parts.flatMap((part) => part.outputs(config));
  return hclText([settings(config, parts), ...blocks, ...taken, ...outputs, issuerOutput(config)]);
}

function issuerOutput({ issuer }: Config): Block {
  return {
    type: "output",
    labels: ["oidc_provider_url"],
    attributes: attributes({ value: iamProviderKey(issuer) }),
  };
}
