import { nearest, PodtrustError } from "../../core/base/index.ts";
import { type Outputs, outputsOf } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { machineOutputs } from "../options/outputs.ts";
import { dim, rich } from "../../core/terminal/index.ts";

export interface OutputOptions {
  readonly file: string;
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
export async function runOutput(
  context: CommandContext,
  name: string | undefined,
  options: OutputOptions,
): Promise<void> {
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
