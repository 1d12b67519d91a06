import { PodtrustError } from "../../core/base/index.ts";
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

/** Throws `usage` for an option that would change nothing: the config names no AWS, and for a closing no other party either. */
export function checkClosable({ config }: Pick<RotateRun, "config">, { cut = false }: LockdownOptions): void {
  if (config.aws.length > 0 || (cut && isBesideAws(config))) return;
  throw new PodtrustError("usage", `${config.file} names no account of AWS`, {
    next: "Leave out --cut, --end-sessions and --reopen: there is nothing that they would change.",
  });
}

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
  const [accounts] = await Promise.all([
    lockRoles(run, options),
    isElsewhere ? closedAtParties(run) : undefined,
  ]);
  if (options.cut === true) await provedAtAws(run, cluster);
  return accounts;
}

/** What is opened, and how a person is asked. */
export interface OpeningAgain {
  readonly kid: string;
  /** Names of roles, pools and identities; absent: all. */
  readonly only?: readonly string[];
  /** Publishers in pods from before the key had ended (`publishersFromBefore`); absent where they were not looked at. */
  readonly pods?: readonly string[];
  /** Throws `interrupted` for a no. */
  readonly agree: (question: string) => Promise<void>;
}

const notLookedAt =
  "A publisher in pods has to be made anew before this: kubectl rollout restart. Whoever was an administrator may have changed it.";

/** What a person should know before it: how long relying parties may still have the key, and what has to be new. */
export function openingText(
  { config }: Pick<RotateRun, "config">,
  pods: OpeningAgain["pods"],
): readonly string[] {
  if (config.publisher === undefined) return [];
  const open = openAtParties(config, undefined);
  if (config.machine !== undefined) return open;
  if (pods === undefined) return [...open, notLookedAt];
  if (pods.length > 0) return [...open, ...pods.map((one) => `Open: ${one}.`)];
  return [...open, "No pod of a publisher is from before the key had ended."];
}

/**
 * Opens what was closed after the theft of a key, by the clouds' credentials alone, once the key is seen from outside to be
 * published no more. Throws `theft-unproven` before anything is opened.
 */
export async function reopenAll(run: RotateRun, { kid, only, pods, agree }: OpeningAgain): Promise<void> {
  const { config, context } = run;
  for (const line of openingText(run, pods)) context.output.line(line);
  await lookedOutside(run, kid);
  await agree("Open what was closed?");
  checkClosable(run, { cut: true });
  const accounts = await reopenRoles(run, only);
  const parties = isBesideAws(config) ? await reopenedAtParties(run, [kid], only) : [];
  context.output.result({ accounts, ...(parties.length === 0 ? {} : { parties }) });
}
