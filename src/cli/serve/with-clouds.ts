import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { define as defineServe } from "./command.ts";

export { uses } from "./command.ts";

/** `podtrust serve` that asks every cloud it knows. What speaks with them is loaded by who needs it: its memory is small. */
export function define(command: Command, context: CommandContext): void {
  defineServe(command, context, {
    async openTarget(s3) {
      const { openTarget } = await import("../options/bucket.ts");
      return openTarget(s3, context);
    },
    async openBackups(bucket, issuer) {
      const { openBackups } = await import("../options/bucket.ts");
      return openBackups(bucket, issuer, context);
    },
    async openTxtRecords({ env, clock }, zone, waiting) {
      const { openChallengeRecords } = await import("../../stack/index.ts");
      return openChallengeRecords({ ...zone, env, clock, waiting });
    },
  });
}
