import { openTofuText } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { importedOutputs } from "../options/outputs.ts";

export interface OpenTofuOptions {
  readonly file: string;
  readonly import?: boolean;
}

/** Prints the config's resources as HCL, with `--json` as `{"hcl"}`. */
export async function runOpenTofu(context: CommandContext, options: OpenTofuOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const imports = options.import === true;
  const found = imports ? await importedOutputs(context, config) : new Map();
  const hcl = openTofuText(config, { imports, found });
  if (context.json) context.output.result({ hcl });
  else context.output.raw(hcl);
}
