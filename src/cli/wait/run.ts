import { bindingsAdmitted } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { chosenCluster, type ClusterOptions } from "../options/cluster.ts";
import { AdmissionProgress } from "./admission-progress.ts";

/** `podtrust wait bindings`. */
export async function runWaitBindings(context: CommandContext, options: ClusterOptions): Promise<void> {
  const cluster = await chosenCluster(context, options);
  await new AdmissionProgress(context).during((wait) => bindingsAdmitted(cluster, wait));
  context.output.line(`cluster ${cluster.server} takes AWSRoleBindings`);
  context.output.result({ server: cluster.server, admitted: true });
}
