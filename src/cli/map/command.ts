import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { withAzureCli, withIssuerOptions } from "../options/stack.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { MapCommandOptions } from "./run.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  map: {
    examples: ["podtrust map", "podtrust map --redact -o audit.html", "podtrust map --watch"],
    guide: "map",
  },
};

/** `podtrust map`: who can assume which role, as a page or as data. */
export function define(command: Command, context: CommandContext): void {
  withAzureCli(withIssuerOptions(command))
    .option("-o, --output <file>", "the page's file; podtrust-map.html by default, none with --json")
    .option("--redact", "leave out account IDs and ARNs")
    .option("--watch [time]", "serve the page to this machine's browsers, refreshed each minute or as given")
    .option("--port <port>", "with --watch: the port to serve it on; any free one by default")
    .addHelpText(
      "after",
      "\nChanges nothing. It lists ServiceAccounts, pods and bindings, reads IAM, creates a token of one ServiceAccount of each\n" +
        "role, and calls STS with it. The file is for its owner alone (mode 0600), holds no secret, and says what is in it.\n" +
        "With --watch the printed address has a token: anyone who has it can read the page until Ctrl-C.\n",
    )
    .action(async (options: MapCommandOptions) => {
      const { runMap } = await import("./run.ts");
      await runMap(context, options);
    });
}
