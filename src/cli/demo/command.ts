import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { DemoCommandOptions } from "./options.ts";

/** Of the few images that every cluster runs already. */
const pauseImage = "registry.k8s.io/pause:3.10";

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
      "--cluster",
      "tell the operator's story on a real cluster (--kubeconfig, or the one kubectl would take): binding, pod, tenants",
    )
    .option(
      "--pod-image <image>",
      "with --cluster: image of its pod, which has to run and do nothing",
      pauseImage,
    )
    .option("--watch-rotation <time>", "with --cluster: wait so long for you to rotate its signing keys")
    .option("--yes", "with --cluster: do not ask before something is made in it")
    .option("--keep", "keep everything running, and print how to use it with aws, kubectl and a browser")
    .action(async (options: DemoCommandOptions) => {
      const { runDemo } = await import("./run.ts");
      await runDemo(context, options);
    });
}
