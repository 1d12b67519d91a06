import type { PlanWish } from "../../stack/index.ts";
import { carryOut, type ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust up`. */
export async function runUp(context: CommandContext, options: ChangeOptions): Promise<void> {
  const wish: PlanWish = { policy: options.upsertOnly === true ? "upsert-only" : "sync" };
  await carryOut(context, options, { name: "up", wish, question: "Do this?" });
}
