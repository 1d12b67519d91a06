import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { carryOutSaved } from "../changes/saved.ts";
import { wishOf } from "../changes/wish.ts";
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
    wish: wishOf("absent", options),
    question: "Delete this?",
  });
}
