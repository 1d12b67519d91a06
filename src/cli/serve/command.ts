import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { Outside, ServeCommandOptions } from "./run.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  serve: {
    examples: ["podtrust serve", "podtrust serve -f prod.yaml -f staging.yaml", "podtrust serve --verbose"],
    guide: "publish",
  },
};

/** `podtrust serve`: publishes issuers' documents until SIGTERM; SIGHUP reads the config again. */
export function define(command: Command, context: CommandContext, outside?: Outside): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .option("-f, --file <file>", "config file; repeatable (default: podtrust.yaml)", collect)
    .option(
      "--insecure-run-as-root",
      "allow running as root: a flaw in the publisher then exposes the whole machine",
    )
    .option(
      "--accept-keys",
      "publish the cluster's keys even if the record of distrusted keys cannot be read",
    )
    .addHelpText(
      "after",
      "\nSIGHUP reloads the config; a bad one is refused and the old one stays. SIGTERM ends it after the\n" +
        "requests under way. Any ACME CA can be named in the config; to name one is to agree to its terms.\n",
    )
    .action(async (options: ServeCommandOptions) => {
      const { runServe } = await import("./run.ts");
      await runServe(context, options, outside);
    });
}
