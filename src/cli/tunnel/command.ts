import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { TunnelOptions } from "./run.ts";

/** `podtrust tunnel`: the cluster's API on a port of this machine, for as long as it runs. */
export function defineTunnel(program: Command, context: CommandContext): void {
  program
    .command("tunnel")
    .description("forward a local port to the Kubernetes API of the stack's machine until ended")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--port <port>", "port of loopback", "6443")
    .option("--merge", "put the cluster into your kubeconfig, as a context named after the stack")
    .addHelpText(
      "after",
      "\nWithout --merge your kubeconfig is not touched; a file of its own is named, and gone at the end.\n",
    )
    .action(async (options: TunnelOptions) => {
      const { runTunnel } = await import("./run.ts");
      await runTunnel(context, options);
    });
}
