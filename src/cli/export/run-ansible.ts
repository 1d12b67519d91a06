import { ansibleInventory, ansibleVars, outputsOf, sshAccess } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { machineOutputs } from "../options/outputs.ts";

export interface AnsibleOptions {
  readonly file: string;
}

/** Prints the machine as an inventory, or the outputs as variables; with `--json` as `{"yaml"}`. */
export async function runAnsible(
  context: CommandContext,
  what: "inventory" | "vars",
  options: AnsibleOptions,
): Promise<void> {
  const config = await configOf(context, options.file);
  const outputs = outputsOf(config, await machineOutputs(context, config));
  const yaml =
    what === "vars"
      ? ansibleVars(outputs)
      : ansibleInventory(config, outputs, sshAccess(config, context.env));
  if (context.json) context.output.result({ yaml });
  else context.output.raw(yaml);
}
