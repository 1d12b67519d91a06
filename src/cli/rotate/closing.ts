import { type Config, declaredParties } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { closedAtParties, provedAtAws, reopenedAtParties } from "./at-parties.ts";
import {
  type AccountLocked,
  type LockdownOptions,
  lockRoles,
  reopenRoles,
  type RotateRun,
} from "./lockdown.ts";

const isBesideAws = (config: Config): boolean => declaredParties(config).some((name) => name !== "aws");

/**
 * Closes all relying parties of a config at once, or ends sessions at AWS alone; what is not closed is named. The cluster is asked
 * afterwards, for the token that AWS has to refuse.
 */
export async function closeAll(
  run: RotateRun,
  options: LockdownOptions,
  cluster: KubernetesApi,
): Promise<readonly AccountLocked[]> {
  const isElsewhere = options.cut === true && isBesideAws(run.config);
  const roles = isElsewhere && run.config.aws.length === 0 ? [] : lockRoles(run, options);
  const [accounts] = await Promise.all([roles, isElsewhere ? closedAtParties(run) : undefined]);
  if (options.cut === true) await provedAtAws(run, cluster);
  return accounts;
}

/** Opens what was closed after the theft of a key, all of it or what has these names, by the clouds' credentials alone. */
export async function reopenAll(run: RotateRun, kid: string, only?: readonly string[]): Promise<void> {
  const { config, context } = run;
  const isElsewhere = isBesideAws(config);
  const accounts = isElsewhere && config.aws.length === 0 ? [] : await reopenRoles(run, only);
  const parties = isElsewhere ? await reopenedAtParties(run, [kid], only) : [];
  context.output.result({ accounts, ...(parties.length === 0 ? {} : { parties }) });
}
