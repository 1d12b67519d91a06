import type { Command } from "commander";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import type { RestoreOptions } from "./run.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  restore: {
    examples: [
      "podtrust restore prod.age --identity backup-identity.txt",
      "podtrust restore prod.age -f prod.yaml --identity backup-identity.txt --yes",
      "podtrust restore prod.age --identity backup-identity.txt --replace",
    ],
    guide: "backup-and-restore",
  },
};

/** `podtrust restore FILE`: a publisher's backup back into its place, before the publisher is started. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<file>", "the backup")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("-i, --identity <file>", "file with the age identity that opens it")
    .option("--replace", "set aside an ACME account that differs from the backup's, and take the backup's")
    .option("--to <dir>", "folder to write a backup of signing keys into; says where each file belongs")
    .option("-y, --yes", "do not ask")
    .action(async (file: string, options: RestoreOptions) => {
      const { runRestore } = await import("./run.ts");
      await runRestore(context, file, options);
    });
}
