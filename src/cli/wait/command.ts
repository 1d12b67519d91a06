import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { BoundParty } from "../../rules/bindings/index.ts";
import { anyBoundParties } from "../options/bound-parties.ts";
import type { ClusterOptions } from "../options/cluster.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** What was typed. */
interface WaitOptions extends ClusterOptions {
  readonly for?: readonly BoundParty[];
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  "wait bindings": {
    examples: [
      "podtrust wait bindings",
      "podtrust wait bindings --context kind-test",
      "podtrust wait bindings --for aws gcp --kubeconfig ./kubeconfig",
    ],
    guide: "bind",
  },
};

/** `podtrust wait bindings`: waits until the API server accepts bindings. */
export function define(command: Command, context: CommandContext): void {
  command
    .command("bindings")
    .description("wait until the API server accepts bindings, after their definitions were applied")
    .addOption(
      anyBoundParties(
        "relying parties whose bindings are waited for (default: those whose kinds the cluster knows)",
      ),
    )
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: kubectl's)")
    .option("--context <name>", "context in the kubeconfig")
    .addHelpText(
      "after",
      "\nAn API server needs some seconds to learn of new kinds. This asks by a dry run of a binding of each\n" +
        "kind, which leaves nothing behind, for at most 90 s. Exits 1 when bindings are still refused then.\n",
    )
    .action((options: WaitOptions) => runWaitBindings(context, options));
}

/** `podtrust wait bindings`. */
async function runWaitBindings(context: CommandContext, options: WaitOptions): Promise<void> {
  const { bindingsAdmitted } = await import("../../stack/index.ts");
  const { chosenCluster } = await import("../options/cluster.ts");
  const { AdmissionProgress } = await import("./admission-progress.ts");
  const cluster = await chosenCluster(context, options);
  const kinds = await new AdmissionProgress(context).during((wait) =>
    bindingsAdmitted(cluster, wait, options.for),
  );
  context.output.line(`cluster ${cluster.server} takes ${kinds.map((kind) => `${kind}s`).join(", ")}`);
  context.output.result({ server: cluster.server, admitted: true, kinds });
}
