import type { Command } from "commander";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";
import { PodtrustError } from "../../core/base/index.ts";
import type { CommandContext } from "../context.ts";
import type { AfterChanges, ChangeOptions } from "../changes/carry-out.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface UpOptions extends ChangeOptions {
  readonly demo?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  up: {
    examples: ["podtrust up", "podtrust up --only provider --only trust --yes", "podtrust up prod.plan"],
    guide: "aws",
  },
};

/** `podtrust up`: applies the config. */
export function define(command: Command, context: CommandContext): void {
  command.argument("[plan]", "a file of podtrust plan -o: applies just what it showed, without asking");
  withAllowances(withSelection(withStackOptions(command)))
    .option("--yes", "do not ask for confirmation")
    .option("--confirm <stack>", "the stack's name, in place of typing it where a machine is deleted")
    .option("--upsert-only", "do not delete resources that were removed from the config")
    .option("--demo", "then run the demo Job in the cluster, as podtrust apply demo does")
    .addHelpText(
      "after",
      "\nShows the plan first and asks; without a terminal it needs --yes. Ended half-way, run it again.\n",
    )
    .action((saved: string | undefined, options: UpOptions) => runUp(context, saved, options));
}

/** The defaults of `apply demo`. */
const defaultDemo = { timeout: "5m", expiration: "1h", path: "/" } as const;

/** `podtrust up [PLAN]`, and with `--demo` the demo's Job once everything is done. */
async function runUp(context: CommandContext, saved: string | undefined, options: UpOptions): Promise<void> {
  const { carryOut } = await import("../changes/carry-out.ts");
  const { carryOutSaved } = await import("../changes/saved.ts");
  const { specOf } = await import("../changes/spec.ts");
  if (options.demo === true && context.json) {
    throw new PodtrustError("usage", "--demo runs a second command, and --json prints one object", {
      next: "Run podtrust up --json, then podtrust apply demo --json.",
    });
  }
  const afterwards: AfterChanges = async (config) => {
    const { showSigner } = await import("../backup/signer.ts");
    return showSigner(context, config);
  };
  if (saved !== undefined)
    await carryOutSaved(context, { name: "up", goal: "present", afterwards }, saved, options);
  else {
    const spec = specOf("present", options);
    await carryOut(context, options, { name: "up", spec, question: "Do this?", afterwards });
  }
  if (context.exitCode !== 0 || options.demo !== true) return;
  const { runApplyDemo } = await import("../apply/command.ts");
  await runApplyDemo(context, { ...defaultDemo, ...options });
}
