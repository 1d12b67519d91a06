import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust import NAME…`. */
export async function runImport(
  context: CommandContext,
  names: readonly string[],
  options: ChangeOptions,
): Promise<void> {
  const question = "Take over and change as shown?";
  await carryOut(context, { ...options, only: names }, { name: "import", wish: { adopt: true }, question });
}
