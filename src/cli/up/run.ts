import { PodtrustError } from "../../core/base/index.ts";
import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { carryOutSaved } from "../changes/saved.ts";
import { specOf } from "../changes/spec.ts";
import type { CommandContext } from "../context.ts";

export interface UpOptions extends ChangeOptions {
  readonly demo?: boolean;
}

/** What `apply demo` takes where nothing else is typed. */
const defaultDemo = { timeout: "5m", expiration: "1h", path: "/" } as const;

/** `podtrust up [PLAN]`, and with `--demo` the demo's Job once everything is as it shall be. */
export async function runUp(
  context: CommandContext,
  saved: string | undefined,
  options: UpOptions,
): Promise<void> {
  if (options.demo === true && context.json) {
    throw new PodtrustError("usage", "--demo runs a second command, and --json prints one object", {
      next: "Run podtrust up --json, then podtrust apply demo --json.",
    });
  }
  if (saved !== undefined) await carryOutSaved(context, { name: "up", goal: "present" }, saved, options);
  else
    await carryOut(context, options, { name: "up", spec: specOf("present", options), question: "Do this?" });
  if (options.demo !== true || context.exitCode !== 0) return;
  const { runApplyDemo } = await import("../apply/run.ts");
  await runApplyDemo(context, { ...defaultDemo, ...options });
}
