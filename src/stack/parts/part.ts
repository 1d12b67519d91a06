import type { Clock, PodtrustError, Environment } from "../../core/base/index.ts";
import type { Config, UnnamedConfig } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import type { PluginConsent } from "../../providers/kubernetes/index.ts";
import type { Change, Observed, ResourceOutput, Resource, NamedResource } from "../../rules/plan/index.ts";

/** The publisher that this podtrust brings to machines. */
export interface PublisherRelease {
  readonly version: string;
  /** Where its programs are, unless the config says. */
  readonly folder: string;
}

/** What every part is given. */
export interface PartContext {
  readonly config: Config;
  readonly env: Environment;
  readonly clock: Clock;
  /** Asked before the program of a kubeconfig that is not the person's own runs; without it none of them does. */
  readonly consent?: PluginConsent;
  /** Azure's own program may be asked for access tokens. */
  readonly azureCli?: boolean;
  /** How the issuer is reached. */
  readonly route?: IssuerRoute;
  /** Needed for a publisher on a machine. */
  readonly release?: PublisherRelease;
  /** Called, while a plan is applied, with what could not be waited for. */
  readonly notice?: (text: string) => void;
}

/** What a part is given before the issuer has a name. */
export interface UnnamedContext extends Omit<PartContext, "config"> {
  readonly config: UnnamedConfig;
}

/** Marks of the stack in which the issuer's name stands, where the config leaves it open. */
export interface IssuerMemory {
  /** Names that the stack's marks remember below the zone. Reads only; throws what is wrong with credentials. */
  issuerHosts(signal: AbortSignal): Promise<readonly string[]>;
}

/** Where a part acts, and as whom. */
export interface PartTarget {
  /** `account 111122223333, eu-central-1` */
  readonly where: string;
  /** Who the provider says we are. */
  readonly caller: string;
}

/** `present`: what the config says shall be. `absent`: all of it shall go. */
export type Goal = "present" | "absent";

/** What a part wants and what it found. */
export interface Survey {
  /** What shall be, or for the way down what the config names. */
  readonly desired: readonly Resource[];
  /** What carries the stack's tags there, whether the config still names it or not. */
  readonly owned: readonly Resource[];
  /** What was found already, by id: a plan does not read it again. */
  readonly seen: ReadonlyMap<string, Observed>;
}

/** What of a plan a part judges. */
export interface PartPlan {
  readonly goal: Goal;
  /** Those of its own resources. */
  readonly changes: readonly Change[];
  /** The user said that what others still use may go, or change hands. */
  readonly allowInUse: boolean;
  /** The user said that a machine may be replaced, with what is lost with it. */
  readonly allowReplace: boolean;
}

/** What something costs a month, as its provider says: decimal texts in a currency. */
export interface MonthlyCost {
  readonly what: string;
  readonly currency: string;
  /** With taxes. */
  readonly gross: string;
  readonly net: string;
}

/** What speaks against a plan beside what the plan itself found. */
export interface Preflight {
  /** Each of them keeps the whole plan from being applied. */
  readonly refusals: readonly PodtrustError[];
  /** Legal, but worth a second look. */
  readonly warnings: readonly string[];
  /** What the section costs as the config has it; absent where nobody knows, or nothing does. */
  readonly costs?: readonly MonthlyCost[];
}

/**
 * What one section of a config keeps at one provider. `stack/` plans, selects, waits and reports for all parts
 * alike; a part alone knows its provider.
 */
export interface Part {
  /** `aws/111122223333`; the ids of its resources need not begin so. */
  readonly id: string;
  /** The id of the resource after which the cluster has the config's issuer; absent for a part that sets none up. */
  readonly cluster?: string;
  /**
   * The id of the resource that remembers a name of the issuer which was just chosen: the provider makes it only once,
   * so that of several runs one has its name. Absent: of this part nothing does.
   */
  readonly claim?: string;
  /** What the config wants of it, by name: known without a request. */
  readonly named: readonly NamedResource[];
  /** Outputs of other parts' resources that its own are made of: those parts are opened with it. */
  readonly needs?: readonly ResourceOutput[];
  /** Makes sure, once, that we are whom the config means; throws what is wrong with credentials. */
  open(signal: AbortSignal): Promise<PartTarget>;
  /** Reads what stands there; changes nothing. */
  survey(goal: Goal, signal: AbortSignal): Promise<Survey>;
  /** Looks for what would fail half-way or harm others, after a survey. Reads only. */
  preflight(judged: PartPlan, signal: AbortSignal): Promise<Preflight>;
  close(): void;
}

/** What resources give to others as they stand, by their ids. */
export type ResourceOutputs = ReadonlyMap<string, Readonly<Record<string, string>>>;
