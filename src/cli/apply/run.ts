import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import {
  awsPart,
  type DemoPlace,
  preflightWorkload,
  removeDemoWorkload,
  runDemoWorkload,
} from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { JobProgress } from "./job-progress.ts";
import { secondsOf } from "../options/seconds.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { clusterOf } from "../options/cluster.ts";
import { type DemoTargetOptions, demoOf, demoPlaceOf } from "../options/target.ts";

export interface ApplyDemoOptions extends DemoTargetOptions, RouteOptions {
  readonly timeout: string;
  readonly forceConflicts?: boolean;
  readonly delete?: boolean;
}

async function remove(context: CommandContext, place: DemoPlace, cluster: KubernetesApi): Promise<void> {
  const removals = await removeDemoWorkload({ place, cluster, signal: context.signal });
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
