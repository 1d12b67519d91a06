import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Command } from "commander";
import { defined, mapped, PodtrustError, shellWord, setting } from "../../core/base/index.ts";
import { unbroken, untilEnded } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import type { DemoCommandOptions } from "./options.ts";
import type { DemoEnvironment, DemoEvent, DemoReport } from "../../demo/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Of the few images that every cluster runs already. */
const pauseImage = "registry.k8s.io/pause:3.10";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  demo: {
    examples: [
      "podtrust demo --for aws,gcp,azure",
      "podtrust demo --from-nothing",
      "podtrust demo --cluster --context kind-test",
    ],
    guide: "from-nothing",
  },
};

/** `podtrust demo`: the full flow on this machine. */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--kubeconfig <file>", "use a real cluster in place of the stand-in, under its own issuer")
    .option("--context <name>", "context of that kubeconfig")
    .option(
      "--for <relying parties>",
      "show one ServiceAccount at several relying parties, of aws, gcp, azure and openbao (needs bao on PATH): aws,gcp,azure",
    )
    .option(
      "--from-nothing",
      "begin with no machine and no name: the guide's seven steps, on stand-ins for Hetzner and Cloudflare",
    )
    .option(
      "--cluster",
      "show the operator on a real cluster (--kubeconfig, or kubectl's default): binding, pod, tenants",
    )
    .option(
      "--pod-image <image>",
      "with --cluster: image of its pod, which has to run and do nothing",
      pauseImage,
    )
    .option("--watch-rotation <time>", "with --cluster: wait so long for you to rotate its signing keys")
    .option("--yes", "with --cluster: do not ask before something is made in it")
    .option("--keep", "keep everything running, and print how to use it with aws, kubectl and a browser")
    .action((options: DemoCommandOptions) => runDemo(context, options));
}

/** Only npm puts these before the PATH of what it starts. */
const ofNpm = /node_modules[\\/]\.bin[\\/]?$/u;

/**
 * The line that defines this very program as `podtrust` in another shell: undefined if its PATH has one
 * already. From a checkout, and by npx, there is none.
 */
export function definingPodtrust({
  program,
  env,
}: Pick<CommandContext, "program" | "env">): string | undefined {
  const folders = (setting(env, "PATH") ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !ofNpm.test(folder));
  if (folders.some((folder) => existsSync(join(folder, "podtrust")))) return undefined;
  return `podtrust() { ${program.map(shellWord).join(" ")} "$@"; }`;
}

/** Leaves it all running and says how to continue with it; with --json in the report's own object. */
async function keepRunning(
  context: CommandContext,
  environment: DemoEnvironment,
  report: DemoReport | undefined,
): Promise<void> {
  const { connectionLines, connectionsOf, writeDemoConfig } = await import("../../demo/index.ts");
  const { json, output, signal } = context;
  const config = await writeDemoConfig(environment);
  if (json) output.result({ ...report, connections: connectionsOf(environment, config) });
  else {
    // What is indented is there to be pasted.
    for (const line of connectionLines(environment, config, definingPodtrust(context)))
      output.line(line.startsWith("  ") ? unbroken(line) : line);
  }
  await untilEnded(signal);
}

/** Throws `usage` for options that do not go together. */
function check({ kubeconfig, context, fromNothing }: DemoCommandOptions): void {
  if (kubeconfig === undefined && context !== undefined) {
    throw new PodtrustError("usage", `--context ${context} goes with --kubeconfig`, {
      next: "Name the kubeconfig too, or leave both out for the stand-in cluster.",
    });
  }
  if (fromNothing === true && kubeconfig !== undefined) {
    throw new PodtrustError("usage", "--from-nothing makes a cluster, and --kubeconfig names one", {
      next: "Leave one of them out.",
    });
  }
}

/** `podtrust demo`. */
async function runDemo(context: CommandContext, options: DemoCommandOptions): Promise<void> {
  if (options.for !== undefined) return (await import("./parties.ts")).demoOfParties(context, options);
  const { runDemo: playDemo, runFromNothing } = await import("../../demo/index.ts");
  const { demoOnCluster } = await import("./on-cluster.ts");
  const { printEvent } = await import("./printing.ts");
  if (options.cluster === true) return demoOnCluster(context, options);
  if (options.yes === true || options.watchRotation !== undefined) {
    throw new PodtrustError("usage", "--yes and --watch-rotation go with --cluster", {
      next: "Without --cluster nothing is asked, and the stand-in's key is rotated in any case.",
    });
  }
  check(options);
  const { kubeconfig, context: name, keep, fromNothing } = options;
  const { output, signal, clock, program } = context;
  let report: DemoReport | undefined;
  const onEvent = (event: DemoEvent): void => {
    printEvent(output, event, options);
    if (event.kind !== "finished") return;
    report = event.report;
    if (keep === undefined) output.result(report);
  };
  const common = { program, clock, logger: context.logger("error"), signal, onEvent };
  const play = fromNothing === true ? runFromNothing : playDemo;
  await play({
    ...common,
    ...defined({ kubeconfig: mapped(kubeconfig, (path) => context.path(path)), context: name }),
    ...(keep === undefined
      ? {}
      : {
          keep: (environment) => keepRunning(context, environment, report),
        }),
  });
}
