import type { PlanSpec } from "../../stack/index.ts";

/** What was typed about what a plan is for. */
export interface SpecOptions {
  readonly upsertOnly?: boolean;
  readonly allowInUse?: boolean;
  readonly allowReplace?: boolean;
  readonly allowIssuerMismatch?: boolean;
}

/** What a command line wants of a plan. */
export function specOf(goal: "present" | "absent", options: SpecOptions): PlanSpec {
  const { upsertOnly, allowInUse, allowReplace, allowIssuerMismatch } = options;
  return {
    goal,
    policy: upsertOnly === true ? "upsert-only" : "sync",
    ...(allowInUse === true ? { allowInUse } : {}),
    ...(allowReplace === true ? { allowReplace } : {}),
    ...(allowIssuerMismatch === true ? { allowIssuerMismatch } : {}),
  };
}
