import type { Command } from "commander";
import { withIssuerOptions } from "../options/stack.ts";
import { withDemo, withRole } from "../options/workload.ts";
import type { CommandContext } from "../context.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { DemoTarget } from "../../stack/index.ts";
import type { RouteOptions } from "../options/route.ts";
import type { DemoTargetOptions } from "../options/target.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface ApplyDemoOptions extends DemoTargetOptions, RouteOptions {
  readonly timeout: string;
  readonly forceConflicts?: boolean;
  readonly delete?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  "apply demo": {
    examples: [
      "podtrust apply demo",
      "podtrust apply demo --role web --path /web",
      "podtrust apply demo --delete",
    ],
    guide: "workload",
  },
};

/** `podtrust apply demo`: runs the guide's Job in the cluster and shows its log. */
export function define(apply: Command, context: CommandContext): void {
  withDemo(
    withRole(
      withIssuerOptions(
        apply
          .command("demo")
          .description("run a Job that calls AWS with its role, and show its log and how it ended"),
      ),
    ),
  )
    .option("--timeout <time>", "how long to wait for the Job to end, in seconds or as 5m", "5m")
    .option("--force-conflicts", "overwrite fields of Job and ServiceAccount that another field manager owns")
    .option("--delete", "delete the Job and its ServiceAccount, if podtrust created them, and run nothing")
    .addHelpText(
      "after",
      "\nChecks namespace, issuer, keys and role first. Run again, it replaces its own finished Job, and waits\n" +
        "for one that still runs. Exits 1 when the Job fails.\n",
    )
    .action((options: ApplyDemoOptions) => runApplyDemo(context, options));
}

async function remove(context: CommandContext, target: DemoTarget, cluster: KubernetesApi): Promise<void> {
  const { removeDemoWorkload } = await import("../../stack/index.ts");
  const removals = await removeDemoWorkload({ target, cluster, signal: context.signal });
  const words = {
    removed: "removed",
    absent: "is not there",
    "not-ours": "kept: it does not have podtrust's labels",
  } as const;
  for (const { object, outcome } of removals) context.output.line(`${object}: ${words[outcome]}`);
  context.output.result({ removals });
}

/** `podtrust apply demo`: runs the Job to its end, or removes it. */
export async function runApplyDemo(context: CommandContext, options: ApplyDemoOptions): Promise<void> {
  const { awsPart, preflightWorkload, runDemoWorkload } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { JobProgress } = await import("./job-progress.ts");
  const { secondsOf } = await import("../options/seconds.ts");
  const { routeOf } = await import("../options/route.ts");
  const { clusterOf } = await import("../options/cluster.ts");
  const { demoOf, demoPlaceOf } = await import("../options/target.ts");
  const config = await configOf(context, options.file);
  if (options.delete === true)
    return remove(context, demoPlaceOf(config, options), await clusterOf(context, config));
  const { target, spec } = demoOf(config, options);
  const timeoutMs = secondsOf("--timeout", options.timeout) * 1000;
  const cluster = await clusterOf(context, config);
  const { env, clock, signal, output, progress } = context;
  const route = await routeOf(context, options);
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const part = awsPart({ config, env, clock, route, notice }, target.account);
  const owner = {
    serviceAccount: `${target.namespace}/${target.serviceAccount}`,
    audience: target.audience,
    cluster: () => Promise.resolve(cluster),
  };
  const job = new JobProgress(context);
  try {
    await preflightWorkload({ target, cluster, part, route, clock, signal, notice });
    const result = await runDemoWorkload({
      target,
      cluster,
      spec,
      clock,
      signal,
      timeoutMs,
      untilUsable: (work) => part.untilUsable(target.role, owner, work),
      force: options.forceConflicts === true,
      onEvent: job.report,
    });
    job.end(true);
    progress.line(`Job ${result.job} succeeded`);
    output.result(result);
  } catch (error) {
    job.end(false);
    throw error;
  } finally {
    part.close();
  }
  return undefined;
}
