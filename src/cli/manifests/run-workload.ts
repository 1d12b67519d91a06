import { defined, PodtrustError } from "../../core/base/index.ts";
import { patchYaml, workloadParts, workloadPatch, workloadYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { type RoleOptions, targetOf } from "../options/target.ts";

export interface WorkloadOptions extends RoleOptions {
  readonly patch?: string;
  readonly container?: string;
}

/** `podtrust manifests workload`: the manifests, or a patch for an existing workload. */
export async function runWorkload(
  context: CommandContext,
  serviceAccount: string,
  options: WorkloadOptions,
): Promise<void> {
  const { patch, container } = options;
  if (patch === undefined && container !== undefined) {
    throw new PodtrustError("usage", "--container goes with --patch");
  }
  const config = await configOf(context, options.file);
  const target = targetOf(config, serviceAccount, options);
  const { output } = context;
  if (patch === undefined) {
    if (context.json) output.result(workloadParts(target));
    else output.raw(workloadYaml(target));
    return;
  }
  const spec = { of: patch, ...defined({ container }) };
  if (context.json) output.result(workloadPatch(target, spec));
  else output.raw(patchYaml(target, spec));
}
