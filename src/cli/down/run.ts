import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { carryOutSaved } from "../changes/saved.ts";
import { specOf } from "../changes/spec.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust down [PLAN]`. */
export async function runDown(
  context: CommandContext,
  saved: string | undefined,
  options: ChangeOptions,
): Promise<void> {
  if (saved !== undefined) return carryOutSaved(context, { name: "down", goal: "absent" }, saved, options);
  return carryOut(context, options, {
    name: "down",
    spec: specOf("absent", options),
    question: "Delete this?",
  });
}
