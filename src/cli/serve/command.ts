import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { ServeOptions } from "./run.ts";

/** `podtrust serve`: publishes issuers' documents until SIGTERM; SIGHUP reads the config again. */
export function defineServe(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command("serve")
    .description("publish the discovery document and the JWK Set that relying parties fetch")
    .option("-f, --file <file>", "a stack's config; repeatable (default: podtrust.yaml)", collect)
    .option(
      "--insecure-run-as-root",
      "run as root all the same: a fault in the publisher then is a fault of the whole machine",
    )
    .addHelpText(
      "after",
      "\nSIGHUP reads the config again; a bad one is refused and the old one goes on. SIGTERM ends it once\n" +
        "requests under way are answered. Naming a CA in the config agrees to its terms of service.\n",
    )
    .action(async (options: ServeOptions) => {
      const { runServe } = await import("./run.ts");
      await runServe(context, options);
    });
}
