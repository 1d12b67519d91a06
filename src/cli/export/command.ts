import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { OpenTofuOptions } from "./run-opentofu.ts";

/** `podtrust export`: the same in the words of other tools. */
export function defineExport(program: Command, context: CommandContext): void {
  const command = program
    .command("export")
    .description("write what a config owns in the form of other tools: OpenTofu");
  command
    .command("opentofu")
    .description("print the stack's resources as a file of OpenTofu or Terraform")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--import", "add import blocks, by which OpenTofu takes over what podtrust made")
    .addHelpText(
      "after",
      "\npodtrust export opentofu --import > main.tf\n" +
        "tofu plan   # imports everything, and changes nothing but podtrust's tags\n",
    )
    .action(async (options: OpenTofuOptions) => {
      const { runOpenTofu } = await import("./run-opentofu.ts");
      await runOpenTofu(context, options);
    });
}
