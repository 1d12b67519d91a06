import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { carryOutSaved } from "../changes/saved.ts";
import { wishOf } from "../changes/wish.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust up [PLAN]`. */
export async function runUp(
  context: CommandContext,
  saved: string | undefined,
  options: ChangeOptions,
): Promise<void> {
  if (saved !== undefined) return carryOutSaved(context, { name: "up", goal: "present" }, saved, options);
  return carryOut(context, options, { name: "up", wish: wishOf("present", options), question: "Do this?" });
}
