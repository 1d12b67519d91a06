import type { Command } from "commander";
import { PodtrustError, nearest } from "../../core/base/index.ts";
import { dim, rich } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import type { Outputs } from "../../stack/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface OutputOptions {
  readonly file: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  output: {
    examples: ["podtrust output", "podtrust output issuer_url", "podtrust output public_ip -f staging.yaml"],
    guide: "from-nothing",
  },
};

/** `podtrust output`: names, addresses and ARNs for scripts. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[name]", "print this one alone, for example public_ip")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .action((name: string | undefined, options: OutputOptions) => runOutput(context, name, options));
}

function oneOf(outputs: Outputs, name: string): string {
  const value = outputs[name];
  if (value !== undefined) return value;
  const names = Object.keys(outputs);
  const near = nearest(name, names);
  throw new PodtrustError("usage", `there is no output ${name}, or none yet`, {
    next: near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`,
    detail: { names },
  });
}

/** `podtrust output [NAME]`: all outputs, or the value of one alone; `--json` gives an object, or a text. */
async function runOutput(
  context: CommandContext,
  name: string | undefined,
  options: OutputOptions,
): Promise<void> {
  const { outputsOf } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { machineOutputs } = await import("../options/outputs.ts");
  const config = await configOf(context, options.file);
  const outputs = outputsOf(config, await machineOutputs(context, config));
  const { output } = context;
  if (name !== undefined) {
    const value = oneOf(outputs, name);
    if (context.json) output.result({ [name]: value });
    else output.raw(`${value}\n`);
    return;
  }
  const width = Math.max(...Object.keys(outputs).map((key) => key.length));
  for (const [key, value] of Object.entries(outputs)) output.line(rich`${dim(key.padEnd(width))}  ${value}`);
  output.result(outputs);
}
