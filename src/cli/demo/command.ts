import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { DemoOptions } from "./run.ts";

/** `podtrust demo`: the full flow on this machine. */
export function defineDemo(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .description(
      "run the full flow locally with stand-ins: one workload gets credentials, six attempts are denied",
    )
    .option("--kubeconfig <file>", "use a real cluster in place of the stand-in, under its own issuer")
    .option("--context <name>", "context of that kubeconfig")
    .option(
      "--from-nothing",
      "begin with no machine and no name: the guide's seven steps, on stand-ins for Hetzner and Cloudflare",
    )
    .option("--keep", "keep everything running, and print how to use it with aws, kubectl and a browser")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("./run.ts");
      await runDemo(context, options);
    });
}
