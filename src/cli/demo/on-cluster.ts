import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { type ClusterSurvey, runClusterDemo } from "../../demo/index.ts";
import { defaultKubeconfig } from "../../providers/kubernetes/index.ts";
import type { CommandContext } from "../context.ts";
import { secondsOf } from "../options/seconds.ts";
import { confirm } from "../../core/terminal/index.ts";
import { printEvent } from "./printing.ts";
import type { DemoCommandOptions } from "./options.ts";

const maxNamed = 5;

/** Asks if the cluster is in use, or was not named: another may be meant. */
async function mayTouch(
  context: CommandContext,
  { yes, context: named }: DemoCommandOptions,
  { server, namespaces }: ClusterSurvey,
): Promise<boolean> {
  if (yes === true || (namespaces.length === 0 && named !== undefined)) return true;
  const { output } = context;
  const more = namespaces.length - maxNamed;
  const list = `${namespaces.slice(0, maxNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  output.line(
    `The cluster is ${server}${namespaces.length === 0 ? "" : `, with the namespaces ${list}`}.`,
    0,
  );
  output.line(
    "The demo makes a namespace there, two definitions and a few admission policies for that namespace alone, and takes all of it away.",
    0,
  );
  return confirm(context, "demo --cluster", "Make them?");
}

/** `podtrust demo --cluster`. */
export async function demoOnCluster(context: CommandContext, options: DemoCommandOptions): Promise<void> {
  const { keep, fromNothing, kubeconfig, context: name, watchRotation } = options;
  if (keep === true || fromNothing === true) {
    throw new PodtrustError(
      "usage",
      `--cluster does not go with ${keep === true ? "--keep" : "--from-nothing"}`,
      {
        next: "Leave one of them out: what is made in a real cluster is removed at the end.",
      },
    );
  }
  const { output, env, signal, clock, program } = context;
  const report = await runClusterDemo({
    program,
    clock,
    signal,
    logger: context.logger("error"),
    image: options.podImage,
    kubeconfig: kubeconfig === undefined ? defaultKubeconfig(env) : context.path(kubeconfig),
    ...defined({
      context: name,
      watchRotation: mapped(watchRotation, (duration) => secondsOf("--watch-rotation", duration)),
    }),
    mayTouch: (survey) => mayTouch(context, options, survey),
    onEvent: (event) => {
      printEvent(output, event);
      if (event.kind === "finished") output.result(event.report);
    },
  });
  if (report === undefined) output.line("Nothing was made.");
}
