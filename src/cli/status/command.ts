import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { StatusCommandOptions } from "./run.ts";
import { withAzureCli, withIssuerOptions, withLinks } from "../options/stack.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  status: {
    examples: ["podtrust status", "podtrust status --watch", "podtrust status --only sts --json"],
    guide: "check",
  },
};

/** `podtrust status`: every link of the chain, as it is seen from here. */
export function define(command: Command, context: CommandContext): void {
  withLinks(withAzureCli(withIssuerOptions(command)))
    .option("--watch [time]", "check again every 10 s, or as often as given, until Ctrl-C")
    .addHelpText(
      "after",
      "\nChanges nothing. It creates a token of one ServiceAccount of each role, and calls STS with it.\n" +
        "Exits 3 when a link is broken; what could not be seen from here (no AWS credentials, a missing right) is\n" +
        "shown as not seen. With --watch and --json: one report a line.\n",
    )
    .action(async (options: StatusCommandOptions) => {
      const { runStatus } = await import("./run.ts");
      await runStatus(context, options);
    });
}
