import { defined } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Change, ChangeKind } from "../rules/plan/index.ts";
import type { MonthlyCost, PartTarget } from "./parts/index.ts";
import type { ShownPlan } from "./plan.ts";

/** One change as `--json` has it. */
export interface ChangeView {
  readonly id: string;
  readonly link: string;
  readonly kind: ChangeKind;
  readonly reason?: string;
  readonly fields: Change["fields"];
}

/** A plan as `--json` has it. */
export interface PlanView {
  /** Which files it is of, unless it is of a config. */
  readonly trust?: string;
  /** Absent if files name none. */
  readonly stack?: string;
  /** Absent if the stack never had a name. */
  readonly issuer?: string;
  readonly places: readonly PartTarget[];
  readonly changes: readonly ChangeView[];
  readonly summary: Readonly<Record<ChangeKind, number>>;
  readonly refusals: readonly object[];
  readonly warnings: readonly string[];
  /** Monthly costs of what the config wants; amounts are decimal texts as the provider gives them. */
  readonly costs: readonly MonthlyCost[];
}

/** One change as data. */
export function changeView({ resource, kind, reason, fields }: Change): ChangeView {
  const { id, link } = resource;
  return { id, link, kind, fields, ...defined({ reason }) };
}

/** How many changes of each kind a plan has. */
export function summaryOf(changes: readonly Pick<Change, "kind">[]): Readonly<Record<ChangeKind, number>> {
  const summary: Record<ChangeKind, number> = {
    create: 0,
    update: 0,
    replace: 0,
    delete: 0,
    blocked: 0,
    none: 0,
  };
  for (const { kind } of changes) summary[kind] += 1;
  return summary;
}

/** The URL of a stack's issuer, for display; undefined if its name was left open and none was ever chosen. */
export function shownIssuer({ issuer, named }: Pick<Config, "issuer" | "named">): string | undefined {
  return named?.isPlaceholder === true ? undefined : issuer;
}

/** A plan as data: equal for equal plans, without credentials. */
export function planView({ trust, config, places, plan, warnings, costs }: ShownPlan): PlanView {
  const [issuer, { stack }] = [shownIssuer(config), config];
  return {
    ...defined({ trust, stack, issuer }),
    places,
    changes: plan.changes.map(changeView),
    summary: summaryOf(plan.changes),
    refusals: plan.refusals.map((refusal) => refusal.toJSON()),
    warnings,
    costs,
  };
}
