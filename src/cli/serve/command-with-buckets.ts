import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { defineServe } from "./command.ts";

/** `podtrust serve` that can publish in a bucket too: what speaks with AWS is loaded for that alone. */
export function defineServeWithBuckets(program: Command, context: CommandContext): void {
  defineServe(program, context, async (s3) => {
    const { openTarget } = await import("../options/bucket.ts");
    return openTarget(s3, context.clock);
  });
}
