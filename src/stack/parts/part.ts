import type { Clock, PodtrustError } from "../../base/index.ts";
import type { Config, Environment } from "../../config/index.ts";
import type { IssuerWay } from "../../issuer/index.ts";
import type { PluginConsent } from "../../kubernetes/index.ts";
import type { Change, Resource } from "../../plan/index.ts";

/** What every part is given. */
export interface PartContext {
  readonly config: Config;
  readonly env: Environment;
  readonly clock: Clock;
  /** Asked before the program of a kubeconfig that came with the config runs; without it none of them does. */
  readonly consent?: PluginConsent;
  /** How the issuer is reached. */
  readonly way?: IssuerWay;
  /** Told while a plan is applied what could not be waited for. */
  readonly notice?: (text: string) => void;
}

/** Where a part acts, and as whom. */
export interface Place {
  /** `account 111122223333, eu-central-1` */
  readonly where: string;
  /** Who the provider says we are. */
  readonly caller: string;
}

/** `present`: what the config says shall be. `absent`: all of it shall go. */
export type Goal = "present" | "absent";

/** What speaks against a plan beside what the plan itself found. */
export interface Preflight {
  /** Each of them keeps the whole plan from being applied. */
  readonly refusals: readonly PodtrustError[];
  /** Legal, but worth a second look. */
  readonly warnings: readonly string[];
}

/**
 * What one section of a config keeps at one provider. `stack/` plans, selects, waits and reports for all parts
 * alike; a part alone knows its provider.
 */
export interface Part {
  /** `aws/111122223333`; the ids of its resources need not begin so. */
  readonly id: string;
  /** What shall be, from the config alone: makes no request. */
  desired(goal: Goal): readonly Resource[];
  /** Makes sure, once, that we are whom the config means; throws what is wrong with credentials. */
  open(signal: AbortSignal): Promise<Place>;
  /** What carries the stack's tags there, whether the config still names it or not. */
  owned(signal: AbortSignal): Promise<readonly Resource[]>;
  /** Looks for what would fail half-way, given this part's changes of a plan. Reads only. */
  preflight(changes: readonly Change[], signal: AbortSignal): Promise<Preflight>;
  close(): void;
}
