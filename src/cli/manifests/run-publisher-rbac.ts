import { publisherRbac, publisherRbacList } from "../../providers/kubernetes/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface PublisherRbacOptions {
  readonly namespace: string;
  readonly name: string;
  readonly renewToken?: boolean;
  readonly distrustSecret?: string;
}

/** `podtrust manifests publisher-rbac`: YAML for kubectl apply; with `--json` the same as one List. */
export function runPublisherRbac(context: CommandContext, options: PublisherRbacOptions): void {
  if (context.json) context.output.result(publisherRbacList(options));
  else context.output.raw(publisherRbac(options));
}
