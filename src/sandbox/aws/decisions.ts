import { type Form, forms } from "../errors/index.ts";
import type { Decision } from "./wire/service.ts";

/** Filters for decisions; absent members do not filter. */
export interface DecisionFilter {
  /** As in ARNs: `sts`. */
  readonly service?: string;
  /** With its service or without: `sts:AssumeRole`, `AssumeRole`. */
  readonly action?: string;
  readonly decision?: Decision["decision"];
  /** The rule that decided: `trust-policy`, `admin-key`. The page of rules has STS's names. */
  readonly rule?: string;
  /** AWS's code: `AccessDenied`. */
  readonly code?: string;
  readonly requestId?: string;
  /** A part of the caller's ARN or of a token's subject. */
  readonly who?: string;
  /** A part of the resource's ARN. */
  readonly resource?: string;
}

const { members, oneOf, text } = forms;

const outcomes = { allow: true, deny: true, invalid: true } satisfies Record<Decision["decision"], true>;
/** What a decision can be. */
export const outcome: Form = oneOf(Object.keys(outcomes));

/** What a filter of decisions has to be: a misspelt one would be taken for one that nothing fits. */
export const filterForm: Form = members<DecisionFilter>({
  service: text,
  action: text,
  decision: outcome,
  rule: text,
  code: text,
  requestId: text,
  who: text,
  resource: text,
});

/** The members of a filter. */
export const decisionFilters = [
  "service",
  "action",
  "decision",
  "rule",
  "code",
  "requestId",
  "who",
  "resource",
] as const satisfies readonly (keyof DecisionFilter)[];

const fits: Record<keyof DecisionFilter, (decision: Decision, wanted: string) => boolean> = {
  service: ({ action }, wanted) => action.startsWith(`${wanted}:`),
  action: ({ action }, wanted) => action === wanted || action.endsWith(`:${wanted}`),
  decision: ({ decision }, wanted) => decision === wanted,
  rule: ({ rule }, wanted) => rule === wanted,
  code: ({ code }, wanted) => code === wanted,
  requestId: ({ requestId }, wanted) => requestId === wanted,
  who: ({ who }, wanted) => who.includes(wanted),
  resource: ({ resource = "" }, wanted) => resource.includes(wanted),
};

/** Those that match a filter. Throws `usage` for a filter that is none. */
export function matching(decisions: readonly Decision[], filter: DecisionFilter = {}): readonly Decision[] {
  filterForm(filter, "decisions");
  return decisions.filter((decision) =>
    decisionFilters.every((name) => {
      const value = filter[name];
      return value === undefined || fits[name](decision, value);
    }),
  );
}
