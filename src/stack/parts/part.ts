import type { Clock, PodtrustError, Environment } from "../../core/base/index.ts";
import type { Config, UnnamedConfig } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import type { Change, Observed, ResourceOutput, Resource, NamedResource } from "../../rules/plan/index.ts";

/** The publisher that this podtrust installs on machines. */
export interface PublisherRelease {
  readonly version: string;
  /** Directory of its programs, unless the config names one. */
  readonly folder: string;
}

/** What every part is given. */
export interface PartContext {
  readonly config: Config;
  readonly env: Environment;
  readonly clock: Clock;
  /** Asked before a program of somebody else's kubeconfig runs or a credential leaves for a config's address; if absent: no. */
  readonly consent?: Consent;
  /** The Azure CLI may be asked for access tokens. */
  readonly azureCli?: boolean;
  /** What a person said may stay on the way down although it uses what goes: `server/web`, a record. */
  readonly leave?: readonly string[];
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

/** Marks of the stack that hold the issuer's name, if the config leaves it open. */
export interface IssuerMemory {
  /** Names below the zone that the stack's marks remember. Only reads; throws errors of credentials. */
  issuerHosts(signal: AbortSignal): Promise<readonly string[]>;
}

/** Where a part acts, and as which principal. */
export interface PartTarget {
  /** `account 111122223333, eu-central-1` */
  readonly where: string;
  /** The principal that the provider sees. */
  readonly caller: string;
}

/** `present`: the config's resources should exist. `absent`: all of them should be deleted. */
export type Goal = "present" | "absent";

/** What a part wants and what it found. */
export interface Survey {
  /** The desired resources; on the way down, those that the config names. */
  readonly desired: readonly Resource[];
  /** What carries the stack's tags there, whether or not the config still names it. */
  readonly owned: readonly Resource[];
  /** Already read, by id: a plan does not read it again. */
  readonly seen: ReadonlyMap<string, Observed>;
}

/** The part of a plan that a part checks. */
export interface PartPlan {
  readonly goal: Goal;
  /** Those of its own resources. */
  readonly changes: readonly Change[];
  /** The user said that resources others still use may be deleted, or change owners. */
  readonly allowInUse: boolean;
  /** The user said that a machine may be replaced, and its data lost. */
  readonly allowReplace: boolean;
  /** Where the issuer's name leads; gives undefined where nothing that manages its records was opened. */
  readonly leads: () => Promise<readonly Lead[]> | undefined;
}

/** One address that the issuer's name leads to. */
export interface Lead {
  /** The record's name in plans: `dns/oidc.example.com/A`. */
  readonly id: string;
  /** In canonical form. */
  readonly address: string;
  /** It carries the stack's mark. */
  readonly isOwn: boolean;
}

/** Monthly costs, from the provider: decimal texts in a currency. */
export interface MonthlyCost {
  readonly what: string;
  readonly currency: string;
  /** Including taxes. */
  readonly gross: string;
  readonly net: string;
}

/** Objections to a plan beyond those of the plan itself. */
export interface Preflight {
  /** Each of them blocks the whole plan. */
  readonly refusals: readonly PodtrustError[];
  /** Legal, but worth a second look. */
  readonly warnings: readonly string[];
  /** Costs of the section as the config has it; absent if unknown, or if there are none. */
  readonly costs?: readonly MonthlyCost[];
}

/**
 * What one section of a config has at one provider. `stack/` plans, selects, waits and reports for all parts alike;
 * only the part knows its provider.
 */
export interface Part {
  /** `aws/111122223333`; the ids of its resources may begin differently. */
  readonly id: string;
  /** The id of the resource after which the cluster has the config's issuer; absent for a part that sets up none. */
  readonly cluster?: string;
  /**
   * The id of the resource that remembers a newly chosen issuer name: the provider makes it only once, so that one of
   * several runs wins. Absent if this part has none.
   */
  readonly claim?: string;
  /** What the config wants of it, by name: known without a request. */
  readonly named: readonly NamedResource[];
  /** Outputs of other parts' resources that its own depend on: those parts are opened with it. */
  readonly needs?: readonly ResourceOutput[];
  /** Checks, once, that we are the principal that the config means; throws errors of credentials. */
  open(signal: AbortSignal): Promise<PartTarget>;
  /** Where the issuer's name leads, by records of whomever; absent if this part has no records. Only reads. */
  leads?(signal: AbortSignal): Promise<readonly Lead[]>;
  /** Reads what exists there; changes nothing. */
  survey(goal: Goal, signal: AbortSignal): Promise<Survey>;
  /** Looks for what would fail half-way or harm others, after a survey. Only reads. */
  preflight(judged: PartPlan, signal: AbortSignal): Promise<Preflight>;
  close(): void;
}

/** Current outputs of its resources for others, by id. */
export type ResourceOutputs = ReadonlyMap<string, Readonly<Record<string, string>>>;
