import type { EarlierRoles } from "../../operator/bindings/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";

/** Roles that bindings of a lost cluster left in a config's accounts; undefined if it names none. Read-only. */
export async function rolesLeft(context: CommandContext, config: Config): Promise<EarlierRoles | undefined> {
  if (config.aws.length === 0) return undefined;
  const { earlierRoles } = await import("../../operator/bindings/index.ts");
  const { clock, env, signal, progress } = context;
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const cluster = config.cluster === undefined ? undefined : () => clusterOf(context, config);
  return earlierRoles({ config, clock, env, notice }, cluster, signal);
}

/** Names each of them, and says what happens to it. */
export function printRolesLeft({ output }: CommandContext, { roles, unseen }: EarlierRoles): void {
  for (const sentence of unseen) output.line(sentence);
  if (roles.length === 0) return;
  output.line("IAM has roles of bindings that are not in the cluster:");
  for (const { arn, binding } of roles) output.line(`  ${arn}, of ${binding.namespace}/${binding.name}`);
  output.line(
    "Put the AWSTrust and the bindings into the cluster: each takes its own role. The others stay until you consent to their deletion.",
  );
}
