import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { boundParties } from "../options/bound-parties.ts";
import type { OperatorCommandOptions } from "./run.ts";
import type { OperatorStatusOptions } from "./status.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "operator run": {
    examples: [
      "podtrust operator run",
      "podtrust operator run --bindings --for aws azure --webhook --evict-per-minute 6",
      "podtrust operator run --kubeconfig operator.kubeconfig --no-canary --keys podtrust.yaml",
    ],
    guide: "operator",
  },
  "operator status": {
    examples: [
      "podtrust operator status",
      "podtrust operator status --json",
      "podtrust operator status --address 127.0.0.1:9892",
    ],
    guide: "operator",
  },
};

/** `podtrust operator`: runs in the cluster until SIGTERM; `podtrust operator status` shows its state. */
export function define(operator: Command, context: CommandContext): void {
  operator
    .command("run", { isDefault: true })
    .description(
      "find pods without the token of their role, test injection once a minute, and reconcile bindings; the default command of operator",
    )
    .option(
      "--kubeconfig <file>",
      "kubeconfig of the operator's own rights (default: those of the pod it runs in)",
    )
    .option("--context <name>", "context in the kubeconfig")
    .option("--namespace <namespace>", "namespace of its Lease and of the trial's ServiceAccount", "podtrust")
    .option("--listen <address>", "address of health, status and metrics", "127.0.0.1:9891")
    .option("--probes <address>", "address of /livez and /readyz alone, for a kubelet (default: none)")
    .option("--evict-per-minute <count>", "evict at most this many faulty pods a minute; without it none")
    .option("--no-canary", "do not test injection once a minute")
    .option("--bindings", "reconcile bindings and trusts, with the credentials of the environment")
    .addOption(boundParties("with --bindings: relying parties whose bindings these are"))
    .option("--webhook", "answer API servers that ask for injection; every replica does")
    .option(
      "--webhook-listen <address>",
      "address that API servers ask, by the webhook's Service",
      "[::]:9443",
    )
    .option(
      "--role-map <configmap>",
      "ConfigMap of its namespace with roles of ServiceAccounts that cannot be annotated",
    )
    .option(
      "--config-maps",
      "keep in each namespace the ConfigMap that manifests injection --mode configmap needs",
    )
    .option(
      "--keys <file>",
      "upload the cluster's keys where this config has keys: upload, with the credentials of the environment",
    )
    .action(async (options: OperatorCommandOptions) => {
      const { runOperator } = await import("./run.ts");
      await runOperator(context, options);
    });
  operator
    .command("status")
    .description("show the leader, the watches, the queues, the last errors and the pods that were found")
    .option("--address <address>", "where a running operator listens", "127.0.0.1:9891")
    .action(async (options: OperatorStatusOptions) => {
      const { runOperatorStatus } = await import("./status.ts");
      await runOperatorStatus(context, options);
    });
}
