import { rollBackPublisher } from "../../stack/index.ts";
import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { specOf } from "../changes/spec.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

/** What was typed. */
export interface RollbackOptions {
  readonly file: string;
}
export type UpgradeOptions = Pick<ChangeOptions, "file" | "yes">;

/** `podtrust publisher upgrade`. */
export async function runUpgrade(context: CommandContext, options: UpgradeOptions): Promise<void> {
  const change: ChangeOptions = { ...options, only: ["publisher"] };
  await carryOut(context, change, { name: "up", spec: specOf("present", change), question: "Do this?" });
}

/** `podtrust publisher rollback`. */
export async function runRollback(context: CommandContext, options: RollbackOptions): Promise<void> {
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
