import { awsOpenTofu, awsParts, type AwsPartContext } from "./aws/index.ts";
import { dnsParts } from "./dns/index.ts";
import type { OpenTofuPart } from "./opentofu.ts";
import type { Part } from "./part.ts";

export * from "./aws/index.ts";
export type { Goal, Named, Part, PartContext, Place, Preflight } from "./part.ts";

/** All that a config has sections for, in the order in which plans show it. */
export function partsOf(context: AwsPartContext): readonly Part[] {
  return [...dnsParts(context), ...awsParts(context)];
}

/** The sections of a config as OpenTofu has them, in the order of an export. */
export const openTofuParts: readonly OpenTofuPart[] = [awsOpenTofu];
