import { defined, PodtrustError } from "../../core/base/index.ts";
import {
  connectionLines,
  connectionsOf,
  type DemoReport,
  type DemoEvent,
  type DemoEnvironment,
  runDemo as playDemo,
  runFromNothing,
  writeDemoConfig,
} from "../../demo/index.ts";
import { demoOnCluster } from "./on-cluster.ts";
import type { DemoCommandOptions } from "./options.ts";
import { definingPodtrust } from "./own-name.ts";
import type { CommandContext } from "../context.ts";
import { unbroken, untilEnded } from "../../core/terminal/index.ts";
import { printEvent } from "./printing.ts";

/** Leaves it all running and says how to go on with it; with --json in the report's own object. */
async function keepRunning(
  context: CommandContext,
  environment: DemoEnvironment,
  report: DemoReport | undefined,
): Promise<void> {
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
export async function runDemo(context: CommandContext, options: DemoCommandOptions): Promise<void> {
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
    ...(kubeconfig === undefined ? {} : { kubeconfig: context.path(kubeconfig) }),
    ...defined({ context: name }),
    ...(keep === undefined
      ? {}
      : {
          keep: (environment) => keepRunning(context, environment, report),
        }),
  });
}
