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
    .option(
      "--boot",
      "with --from-nothing: its machine boots, in QEMU, and everything is set up on it; it takes the next three",
    )
    .option(
      "--image <file>",
      "disk image that it boots: Debian or Ubuntu for amd64 with cloud-init, raw or qcow2",
    )
    .option("--k3s <file>", "binary of k3s for amd64 that runs on it")
    .option(
      "--release <folder>",
      "folder with the publisher that npm run release built (default: the package's)",
    )
    .option("--keep", "keep everything running, and print how to use it with aws, kubectl and a browser")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("./run.ts");
      await runDemo(context, options);
    });
}
