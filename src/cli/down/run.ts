import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust down`. */
export async function runDown(context: CommandContext, options: ChangeOptions): Promise<void> {
  await carryOut(context, options, { name: "down", wish: { goal: "absent" }, question: "Delete this?" });
}
