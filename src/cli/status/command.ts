import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { StatusOptions } from "./run.ts";
import { withIssuerOptions, withLinks } from "../options/stack.ts";

/** `podtrust status`: every link of the chain, as it is seen from here. */
export function defineStatus(program: Command, context: CommandContext): void {
  withLinks(
    withIssuerOptions(
      program
        .command("status")
        .description("look at every link from the cluster's signature to the role's permissions"),
    ),
  )
    .option("--watch [time]", "look again and again, every 10 s or as often as is said, until Ctrl-C")
    .addHelpText(
      "after",
      "\nChanges nothing. It mints a token of one ServiceAccount of each role and asks STS with it.\n" +
        "Exits 3 when a link is broken. With --watch and --json: one report a line.\n",
    )
    .action(async (options: StatusOptions) => {
      const { runStatus } = await import("./run.ts");
      await runStatus(context, options);
    });
}
