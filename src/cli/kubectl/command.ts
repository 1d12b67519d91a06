import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface KubectlOptions {
  readonly file: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  kubectl: {
    examples: [
      "podtrust kubectl get nodes",
      "podtrust kubectl -n shop get pods",
      "podtrust kubectl apply -f deployment.yaml",
    ],
    guide: "machine",
  },
};

/** `podtrust kubectl ARGS`: kubectl on the stack's cluster, through the SSH connection. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[args...]", "kubectl's arguments, such as get pods -A")
    .option("-f, --file <file>", "config file; before kubectl's arguments", "podtrust.yaml")
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nRuns this machine's kubectl, with the administrator's rights. Port 6443 stays closed.\n" +
        "It gets neither AWS keys nor clouds' tokens: a plugin of kubectl that needs some runs on podtrust tunnel.\n",
    )
    .action((args: readonly string[], options: KubectlOptions) => runKubectl(context, args, options));
}

/** `podtrust kubectl ARGS…`. */
async function runKubectl(
  context: CommandContext,
  args: readonly string[],
  { file }: KubectlOptions,
): Promise<void> {
  const { openMachine } = await import("../../stack/index.ts");
  const { runOnTerminal } = await import("../child.ts");
  const { configOf } = await import("../options/config.ts");
  const config = await configOf(context, file);
  const machine = await openMachine({ ...context, config });
  try {
    const cluster = await machine.cluster();
    await runOnTerminal(context, "kubectl", args, { KUBECONFIG: cluster.kubeconfig });
    await cluster.close();
  } finally {
    await machine.close();
  }
}
