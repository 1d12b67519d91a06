import type { Command } from "commander";
import { defined } from "../../core/base/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
interface JobCommandOptions {
  readonly path: string;
  readonly read?: string;
}

/** `podtrust job`: the demo's workload, run inside the pod or as the demo's child process. */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--path <path>", "list the names of parameters under this path", "/")
    .option("--read <name>", "read this one parameter in place of the list (its value is not printed)")
    .addHelpText(
      "after",
      "\nTakes everything from its environment, as any AWS SDK does: AWS_REGION, AWS_ROLE_ARN,\nAWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE. Exits 1 when AWS refuses.\n",
    )
    .action((options: JobCommandOptions) => runJob(context, options));
}

/** `podtrust job`. */
async function runJob(context: CommandContext, { path, read }: JobCommandOptions): Promise<void> {
  const { runJob: askAws } = await import("../../providers/aws/index.ts");
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
