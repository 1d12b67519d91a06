import { publisherRbac, publisherRbacList } from "../../kubernetes/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface PublisherRbacOptions {
  readonly namespace: string;
  readonly name: string;
}

/** `podtrust manifests publisher-rbac`: YAML for kubectl apply; with `--json` the same as one List. */
export async function runPublisherRbac(
  context: CommandContext,
  options: PublisherRbacOptions,
): Promise<void> {
  if (context.json) context.output.result(await publisherRbacList(options));
  else context.output.raw(publisherRbac(options));
}
