import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { RenewTokenOptions } from "./run.ts";

/** `podtrust renew-token`: what a timer on the publisher's machine runs; no person needs it. */
export function defineRenewToken(program: Command, context: CommandContext): void {
  program
    .command("renew-token", { hidden: true })
    .description("renew the token by which the publisher on this machine reads the cluster")
    .requiredOption("-f, --file <file>", "the publisher's config file")
    .requiredOption("--kubeconfig <file>", "an administrator's kubeconfig")
    .action(async (options: RenewTokenOptions) => {
      const { runRenewToken } = await import("./run.ts");
      await runRenewToken(context, options);
    });
}
