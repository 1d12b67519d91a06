import { type Config, declaredParties } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import {
  closedAtParties,
  lookedOutside,
  openAtParties,
  provedAtAws,
  reopenedAtParties,
} from "./at-parties.ts";
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

/** The closing of an answer at once, which nobody asked for by an option: a config without relying parties has nothing to close. */
export async function closeDeclared(run: RotateRun, cluster: KubernetesApi): Promise<void> {
  if (declaredParties(run.config).length > 0) await closeAll(run, { cut: true }, cluster);
}

/** What is opened, and how a person is asked. */
export interface OpeningAgain {
  readonly kid: string;
  /** Names of roles, pools and identities; absent: all. */
  readonly only?: readonly string[];
  /** Throws `interrupted` for a no. */
  readonly agree: (question: string) => Promise<void>;
}

/** What a person should know before it: how long relying parties may still have the key, and what has to be new. */
function openingText({ config }: RotateRun): readonly string[] {
  if (config.publisher === undefined) return [];
  const inPods =
    "A publisher in pods has to be made anew before this: kubectl rollout restart. Whoever was an administrator may have changed it.";
  return [...openAtParties(config, undefined), ...(config.machine === undefined ? [inPods] : [])];
}

/**
 * Opens what was closed after the theft of a key, by the clouds' credentials alone, once the key is seen from outside to be
 * published no more. Throws `theft-unproven` before anything is opened.
 */
export async function reopenAll(run: RotateRun, { kid, only, agree }: OpeningAgain): Promise<void> {
  const { config, context } = run;
  for (const line of openingText(run)) context.output.line(line);
  await lookedOutside(run, kid);
  await agree("Open what was closed?");
  const isElsewhere = isBesideAws(config);
  const accounts = isElsewhere && config.aws.length === 0 ? [] : await reopenRoles(run, only);
  const parties = isElsewhere ? await reopenedAtParties(run, [kid], only) : [];
  context.output.result({ accounts, ...(parties.length === 0 ? {} : { parties }) });
}
