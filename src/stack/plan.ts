import type { Config } from "../config/index.ts";
import type { Plan, Policy } from "../rules/plan/index.ts";
import type { Goal, MonthlyCost, PartTarget } from "./parts/index.ts";

/** What a plan is for. */
export interface PlanSpec {
  /** `absent` is the way down; `present` by default. */
  readonly goal?: Goal;
  /** `upsert-only` deletes nothing; `sync` by default. */
  readonly policy?: Policy;
  /** Takes over what exists without our tags, and makes nothing. */
  readonly adopt?: boolean;
  /** What is used outside the stack may go, or change hands. */
  readonly allowInUse?: boolean;
  /** A machine may be replaced, with what is lost with it. */
  readonly allowReplace?: boolean;
  /** The cluster may have another issuer than the config. */
  readonly allowIssuerMismatch?: boolean;
}

/** As much of a plan as is shown: of a config, or of the files of one trust. */
export interface ShownPlan extends Omit<StackPlan, "config" | "spec"> {
  /** Absent: that of a config. Else which one it is, such as `GCPTrust default`. */
  readonly trust?: string;
  readonly config: Pick<Config, "issuer" | "named"> & Partial<Pick<Config, "stack">>;
}

/** A plan beside where it would act. */
export interface StackPlan {
  readonly config: Config;
  readonly spec: PlanSpec;
  readonly places: readonly PartTarget[];
  readonly plan: Plan;
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
  /** What the config costs a month, part by part. */
  readonly costs: readonly MonthlyCost[];
}
