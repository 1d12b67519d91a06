import type { Config } from "../config/index.ts";
import type { Plan, Policy } from "../rules/plan/index.ts";
import type { Goal, MonthlyCost, PartTarget } from "./parts/index.ts";

/** What a plan is for. */
export interface PlanSpec {
  /** `absent` is the way down; `present` by default. */
  readonly goal?: Goal;
  /** `upsert-only` deletes nothing; `sync` by default. */
  readonly policy?: Policy;
  /** Adopts what exists without our tags, and creates nothing. */
  readonly adopt?: boolean;
  /** Resources used outside the stack may be deleted, or change owners. */
  readonly allowInUse?: boolean;
  /** A machine may be replaced, and its data lost; the issuer may be another, and tokens of the former refused. */
  readonly allowReplace?: boolean;
  /** The cluster may have an issuer other than the config's. */
  readonly allowIssuerMismatch?: boolean;
}

/** The shown part of a plan: of a config, or of the files of one trust. */
export interface ShownPlan extends Omit<StackPlan, "config" | "spec"> {
  /** Absent: of a config. Else which trust, such as `GCPTrust default`. */
  readonly trust?: string;
  readonly config: Pick<Config, "issuer" | "named"> & Partial<Pick<Config, "stack">>;
}

/** A plan and the places where it would act. */
export interface StackPlan {
  readonly config: Config;
  readonly spec: PlanSpec;
  readonly places: readonly PartTarget[];
  readonly plan: Plan;
  /** Legal, but worth a second look, in sentences. */
  readonly warnings: readonly string[];
  /** Monthly costs of the config, part by part. */
  readonly costs: readonly MonthlyCost[];
}
