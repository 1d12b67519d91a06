import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { AnsibleOptions } from "./run-ansible.ts";
import type { OpenTofuOptions } from "./run-opentofu.ts";

/** `podtrust export`: the same in the words of other tools. */
export function defineExport(program: Command, context: CommandContext): void {
  const command = program
    .command("export")
    .description("write what a config owns in the form of other tools: OpenTofu, Ansible");
  command
    .command("opentofu")
    .description("print the stack's resources as a file of OpenTofu or Terraform")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--import", "add import blocks, by which OpenTofu takes over what podtrust made")
    .addHelpText(
      "after",
      "\nAfter --import, tofu apply imports everything and changes nothing; podtrust goes on owning it too.\n",
    )
    .action(async (options: OpenTofuOptions) => {
      const { runOpenTofu } = await import("./run-opentofu.ts");
      await runOpenTofu(context, options);
    });
  for (const [what, description] of [
    ["inventory", "print the machine as an inventory of Ansible, its host key pinned"],
    ["vars", "print names, addresses and ARNs as variables of Ansible"],
  ] as const) {
    command
      .command(`ansible-${what}`)
      .description(description)
      .option("-f, --file <file>", "config file", "podtrust.yaml")
      .action(async (options: AnsibleOptions) => {
        const { runAnsible } = await import("./run-ansible.ts");
        await runAnsible(context, what, options);
      });
  }
}
