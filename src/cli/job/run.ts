import { runJob as askAws } from "../../providers/aws/index.ts";
import { defined } from "../../core/base/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface JobCommandOptions {
  readonly path: string;
  readonly read?: string;
}

/** `podtrust job`. */
export async function runJob(context: CommandContext, { path, read }: JobCommandOptions): Promise<void> {
  const result = await askAws({ path, signal: context.signal, ...defined({ read }) });
  const { output } = context;
  output.compact(result);
  if (result.identity !== undefined) output.line(`I am ${result.identity.arn}`);
  if (result.parameters !== undefined) {
    output.line(`I may read ${result.parameters.length} parameters under ${path}`);
    for (const name of result.parameters) output.line(`  ${name}`);
  }
  if (result.read !== undefined) output.line(`I read ${result.read.name}, version ${result.read.version}`);
  if (result.error === undefined) return;
  output.line(`${result.error.call} was refused: ${result.error.code}: ${result.error.message}`);
  context.exitCode = 1;
}
