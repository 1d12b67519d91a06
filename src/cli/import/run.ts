import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { wishOf } from "../changes/wish.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust import NAME…`. */
export async function runImport(
  context: CommandContext,
  names: readonly string[],
  options: ChangeOptions,
): Promise<void> {
  const question = "Take over and change as shown?";
  const wish = { ...wishOf("present", options), adopt: true };
  await carryOut(context, { ...options, only: names }, { name: "import", wish, question });
}
