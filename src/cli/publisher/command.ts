import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** What was typed. */
interface RollbackOptions {
  readonly file: string;
}

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "publisher upgrade": {
    examples: [
      "podtrust publisher upgrade",
      "podtrust publisher upgrade --yes",
      "podtrust publisher upgrade -f staging.yaml",
    ],
    guide: "service",
  },
  "publisher rollback": {
    examples: [
      "podtrust publisher rollback",
      "podtrust publisher rollback --json",
      "podtrust publisher rollback -f staging.yaml",
    ],
    guide: "service",
  },
};

/** `podtrust publisher upgrade`, `publisher rollback`: the publisher on the config's machine. */
export function define(publisher: Command, context: CommandContext): void {
  publisher
    .command("upgrade")
    .description("install this podtrust's publisher on the machine, with no request lost")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("-y, --yes", "do it without asking")
    .addHelpText(
      "after",
      "\nThe same as podtrust up --only publisher. A version that does not become ready is rolled back automatically.\n",
    )
    .action((options: UpgradeOptions) => runUpgrade(context, options));
  publisher
    .command("rollback")
    .description("run the version before again")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .action((options: RollbackOptions) => runRollback(context, options));
}

type UpgradeOptions = Pick<ChangeOptions, "file" | "yes">;

/** `podtrust publisher upgrade`. */
async function runUpgrade(context: CommandContext, options: UpgradeOptions): Promise<void> {
  const { carryOut } = await import("../changes/carry-out.ts");
  const { specOf } = await import("../changes/spec.ts");
  const change: ChangeOptions = { ...options, only: ["publisher"] };
  await carryOut(context, change, { name: "up", spec: specOf("present", change), question: "Do this?" });
}

/** `podtrust publisher rollback`. */
async function runRollback(context: CommandContext, options: RollbackOptions): Promise<void> {
  const { rollBackPublisher } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { env, clock, signal, progress, output } = context;
  const config = await configOf(context, options.file);
  const waiting = (reason: string, deadline: number): void => {
    const seconds = Math.max(0, Math.ceil((deadline - clock.elapsed()) / 1000));
    progress.line(`waiting: ${reason} (for ${seconds} s at the most)`, 2);
  };
  const { from, to } = await rollBackPublisher({ config, env, clock }, { signal, waiting });
  output.line(`The publisher ${to} runs again in place of ${from}. podtrust up installs this podtrust's.`);
  output.result({ from, to });
}
