import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { defineServe } from "./command.ts";

/** `podtrust serve` that asks every cloud it knows. What speaks with them is loaded by who needs it: its memory is small. */
export function defineServeWithClouds(program: Command, context: CommandContext): void {
  defineServe(program, context, {
    async openTarget(s3) {
      const { openTarget } = await import("../options/bucket.ts");
      return openTarget(s3, context.clock);
    },
    async openTxtRecords({ env, clock }, zone, waiting) {
      const { openChallengeRecords } = await import("../../stack/index.ts");
      return openChallengeRecords({ ...zone, env, clock, waiting });
    },
  });
}
