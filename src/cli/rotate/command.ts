import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { RotateOptions } from "./run.ts";

/** `podtrust rotate status` and `podtrust rotate distrust KID`: look at and tell a running publisher. */
export function defineRotate(program: Command, context: CommandContext): void {
  const rotate = program.command("rotate").description("look at and change the keys that are published");
  rotate
    .command("status")
    .description("show each key of the running publisher, its state and its times")
    .option("-f, --file <file>", "the config of the publisher (default: podtrust.yaml)")
    .option("--state <dir>", "the publisher's state directory, in place of a config")
    .action(async (options: RotateOptions) => {
      const { runRotateStatus } = await import("./run.ts");
      await runRotateStatus(context, options);
    });
  rotate
    .command("distrust")
    .description("take a key out of what is published, at once and for good")
    .argument("<kid>", "the key, as rotate status shows it")
    .option("-f, --file <file>", "the config of the publisher (default: podtrust.yaml)")
    .option("--state <dir>", "the publisher's state directory, in place of a config")
    .option("--stack <name>", "the stack, where several hold the key")
    .action(async (kid: string, options: RotateOptions) => {
      const { runRotateDistrust } = await import("./run.ts");
      await runRotateDistrust(context, kid, options);
    });
}
