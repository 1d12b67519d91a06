import { defined } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import {
  type DemoTarget,
  demoServiceAccount,
  type DemoSpec,
  namesOf,
  type WorkloadTarget,
  workloadTarget,
} from "../../stack/index.ts";
import { secondsOf } from "./seconds.ts";

/** What was typed about a workload's role and token. */
export interface RoleOptions {
  readonly file: string;
  readonly role?: string;
  readonly account?: string;
  readonly audience?: string;
  readonly expiration: string;
}

export interface DemoTargetOptions extends RoleOptions {
  readonly serviceAccount?: string;
  readonly image?: string;
  readonly path: string;
  readonly awsEndpoint?: string;
  readonly hostNetwork?: boolean;
}

/** The workload that a command line means. */
export function targetOf(config: Config, serviceAccount: string, options: RoleOptions): WorkloadTarget {
  const { role, account, audience } = options;
  return workloadTarget(config, {
    serviceAccount,
    expirationSeconds: secondsOf("--expiration", options.expiration),
    ...defined({ role, account, audience }),
  });
}

/** The place of the demo that a command line means, whatever its role. */
export function demoPlaceOf(config: Config, options: Pick<DemoTargetOptions, "serviceAccount">): DemoTarget {
  const [namespace, serviceAccount] = namesOf(options.serviceAccount ?? demoServiceAccount(config));
  return { stack: config.stack, identity: config.identity, namespace, serviceAccount };
}

/** The demo that a command line means. */
export function demoOf(
  config: Config,
  options: DemoTargetOptions,
): { readonly target: WorkloadTarget; readonly spec: DemoSpec } {
  const { image, path, awsEndpoint, hostNetwork } = options;
  const target = targetOf(config, options.serviceAccount ?? demoServiceAccount(config), options);
  const spec = {
    path,
    ...defined({ image, awsEndpoint, hostNetwork }),
  };
  return { target, spec };
}
