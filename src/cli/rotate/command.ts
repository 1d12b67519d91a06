import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { RotateOptions } from "./run.ts";

/** `podtrust rotate status` and `podtrust rotate distrust KID`: look at and tell a running publisher. */
export function defineRotate(program: Command, context: CommandContext): void {
  const rotate = program
    .command("rotate")
    .description("show and distrust the signing keys that the publisher serves as JWKS");
  rotate
    .command("status")
    .description("show each signing key of the running publisher, its state and its times")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("--state <dir>", "the publisher's state directory, in place of a config file")
    .action(async (options: RotateOptions) => {
      const { runRotateStatus } = await import("./run.ts");
      await runRotateStatus(context, options);
    });
  rotate
    .command("distrust")
    .description("remove a signing key from the published JWKS, at once and for good")
    .argument("<kid>", "key ID, as rotate status shows it")
    .option("-f, --file <file>", "the publisher's config file (default: podtrust.yaml)")
    .option("--state <dir>", "the publisher's state directory, in place of a config file")
    .option("--stack <name>", "stack, if several have the key")
    .action(async (kid: string, options: RotateOptions) => {
      const { runRotateDistrust } = await import("./run.ts");
      await runRotateDistrust(context, kid, options);
    });
}
