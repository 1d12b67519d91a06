import { PodtrustError } from "../../base/index.ts";
import { loadConfig, type Config } from "../../config/index.ts";
import {
  demoObjects,
  demoServiceAccount,
  type DemoWish,
  objectsYaml,
  patchYaml,
  workloadParts,
  workloadPatch,
  type WorkloadTarget,
  workloadTarget,
  workloadYaml,
} from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { secondsOf } from "../options/seconds.ts";

/** What was typed about a workload's role and token. */
export interface RoleOptions {
  readonly file: string;
  readonly role?: string;
  readonly account?: string;
  readonly audience?: string;
  readonly expiration: string;
}

export interface WorkloadManifestsOptions extends RoleOptions {
  readonly patch?: string;
  readonly container?: string;
}

export interface DemoManifestsOptions extends RoleOptions {
  readonly serviceAccount?: string;
  readonly image?: string;
  readonly path: string;
  readonly awsEndpoint?: string;
  readonly hostNetwork?: boolean;
}

/** The workload that a command line means. */
function targetOf(config: Config, serviceAccount: string, options: RoleOptions): WorkloadTarget {
  const { role, account, audience } = options;
  return workloadTarget(config, {
    serviceAccount,
    expirationSeconds: secondsOf("--expiration", options.expiration),
    ...(role === undefined ? {} : { role }),
    ...(account === undefined ? {} : { account }),
    ...(audience === undefined ? {} : { audience }),
  });
}

/** The demo that a command line means. */
export function demoOf(
  config: Config,
  options: DemoManifestsOptions,
): { readonly target: WorkloadTarget; readonly wish: DemoWish } {
  const { image, path, awsEndpoint, hostNetwork } = options;
  const target = targetOf(config, options.serviceAccount ?? demoServiceAccount(config), options);
  const wish = {
    path,
    ...(image === undefined ? {} : { image }),
    ...(awsEndpoint === undefined ? {} : { awsEndpoint }),
    ...(hostNetwork === undefined ? {} : { hostNetwork }),
  };
  return { target, wish };
}

/** Prints a workload's manifests, or a patch for one that exists. */
export async function printWorkload(
  context: CommandContext,
  serviceAccount: string,
  options: WorkloadManifestsOptions,
): Promise<void> {
  const { patch, container } = options;
  if (patch === undefined && container !== undefined) {
    throw new PodtrustError("usage", "--container goes with --patch");
  }
  const config = await loadConfig(context.path(options.file), context.env);
  const target = targetOf(config, serviceAccount, options);
  const { output } = context;
  if (patch === undefined) {
    if (context.json) output.result(workloadParts(target));
    else output.raw(workloadYaml(target));
    return;
  }
  const wish = { of: patch, ...(container === undefined ? {} : { container }) };
  if (context.json) output.result(workloadPatch(target, wish));
  else output.raw(patchYaml(target, wish));
}

/** Prints the guide's Job. */
export async function printDemo(context: CommandContext, options: DemoManifestsOptions): Promise<void> {
  const config = await loadConfig(context.path(options.file), context.env);
  const { target, wish } = demoOf(config, options);
  const items = demoObjects(target, wish);
  if (context.json) context.output.result({ apiVersion: "v1", kind: "List", items });
  else context.output.raw(objectsYaml(items));
}
