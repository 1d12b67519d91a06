import type { Config } from "../../config/index.ts";
import { attributes, type Block, HclExpression, type HclValue } from "../export/hcl/index.ts";
import type { ResourceOutputs } from "./part.ts";

/** A provider of OpenTofu that an export needs. */
export interface RequiredProvider {
  readonly name: string;
  readonly source: string;
  readonly version: string;
}

/** One section of a config in OpenTofu. Each gives nothing if the config has no such section. */
export interface OpenTofuPart {
  requires(config: Config): readonly RequiredProvider[];
  /** `found` has what is known of existing resources; it may be empty. */
  blocks(config: Config, found: ResourceOutputs): readonly Block[];
  /** `import` blocks for the same; `found` has the ids of the requested resources. */
  imports(config: Config, found: ResourceOutputs): readonly Block[];
  outputs(config: Config): readonly Block[];
}

/** `import`: OpenTofu takes over what podtrust made. */
export function importBlock(to: string, id: HclValue): Block {
  return { type: "import", labels: [], attributes: attributes({ to: new HclExpression(to), id }) };
}

/** What OpenTofu sets when it makes a resource and never changes afterwards (`lifecycle`, "ignore_changes"). */
export function ignoredChanges(names: readonly string[]): Block {
  const ignored = names.map((name) => new HclExpression(name));
  return { type: "lifecycle", labels: [], attributes: attributes({ ignore_changes: ignored }) };
}
