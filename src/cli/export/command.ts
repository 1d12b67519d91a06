import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface OpenTofuOptions {
  readonly file: string;
  readonly import?: boolean;
}

interface AnsibleOptions {
  readonly file: string;
}

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "export opentofu": {
    examples: [
      "podtrust export opentofu > main.tf",
      "podtrust export opentofu --import > main.tf",
      "podtrust export opentofu -f staging.yaml > staging.tf",
    ],
    guide: "from-nothing",
  },
  "export ansible-inventory": {
    examples: [
      "podtrust export ansible-inventory > inventory/prod.yml",
      "podtrust export ansible-inventory -f staging.yaml > inventory/staging.yml",
      "podtrust export ansible-inventory > inventory/prod.yml && ansible -i inventory all -m ping",
    ],
    guide: "from-nothing",
  },
  "export ansible-vars": {
    examples: [
      "podtrust export ansible-vars > inventory/group_vars/all.yml",
      "podtrust export ansible-vars -f staging.yaml > inventory/staging.yml",
      "podtrust export ansible-vars > vars.yml && ansible-playbook -e @vars.yml site.yml",
    ],
    guide: "from-nothing",
  },
};

/** `podtrust export`: the same in the formats of other tools. */
export function define(command: Command, context: CommandContext): void {
  command
    .command("opentofu")
    .description("print the stack's resources as an OpenTofu or Terraform file")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--import", "add import blocks, by which OpenTofu takes over what podtrust made")
    .addHelpText(
      "after",
      "\nAfter --import, tofu apply imports everything and changes nothing; podtrust still owns it too.\n",
    )
    .action((options: OpenTofuOptions) => runOpenTofu(context, options));
  for (const [what, description] of [
    ["inventory", "print the machine as an Ansible inventory, its host key pinned"],
    ["vars", "print names, addresses and ARNs as Ansible variables"],
  ] as const) {
    command
      .command(`ansible-${what}`)
      .description(description)
      .option("-f, --file <file>", "config file", "podtrust.yaml")
      .action((options: AnsibleOptions) => runAnsible(context, what, options));
  }
}

/** Prints the config's resources as HCL, with `--json` as `{"hcl"}`. */
async function runOpenTofu(context: CommandContext, options: OpenTofuOptions): Promise<void> {
  const { openTofuText } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { importedOutputs } = await import("../options/outputs.ts");
  const config = await configOf(context, options.file);
  const imports = options.import === true;
  const found = imports ? await importedOutputs(context, config) : new Map();
  const hcl = await openTofuText(config, { imports, found });
  if (context.json) context.output.result({ hcl });
  else context.output.raw(hcl);
}

/** Prints the machine as an inventory, or the outputs as variables; with `--json` as `{"yaml"}`. */
async function runAnsible(
  context: CommandContext,
  what: "inventory" | "vars",
  options: AnsibleOptions,
): Promise<void> {
  const { ansibleInventory, ansibleVars, outputsOf, sshAccess } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { machineOutputs } = await import("../options/outputs.ts");
  const config = await configOf(context, options.file);
  const outputs = outputsOf(config, await machineOutputs(context, config));
  const yaml =
    what === "vars"
      ? ansibleVars(outputs)
      : ansibleInventory(config, outputs, sshAccess(config, context.env));
  if (context.json) context.output.result({ yaml });
  else context.output.raw(yaml);
}
