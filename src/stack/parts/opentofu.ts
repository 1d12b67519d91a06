import type { Config } from "../../config/index.ts";
import type { Block } from "../../hcl/index.ts";

/** A provider of OpenTofu that an export needs. */
export interface RequiredProvider {
  readonly name: string;
  readonly source: string;
  readonly version: string;
}

/** What one section of a config is in OpenTofu. Each gives nothing where the config has no such section. */
export interface OpenTofuPart {
  requires(config: Config): readonly RequiredProvider[];
  blocks(config: Config): readonly Block[];
  /** `import` blocks for the same. */
  imports(config: Config): readonly Block[];
  outputs(config: Config): readonly Block[];
}
