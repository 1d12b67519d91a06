import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import { specOf } from "../changes/spec.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust import NAME…`. */
export async function runImport(
  context: CommandContext,
  names: readonly string[],
  options: ChangeOptions,
): Promise<void> {
  const question = "Take over and change as shown?";
  const spec = { ...specOf("present", options), adopt: true };
  await carryOut(context, { ...options, only: names }, { name: "import", spec, question });
}
