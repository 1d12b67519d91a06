import { type Form, forms } from "../errors/index.ts";
import type { Decision } from "./wire/index.ts";

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

function matches(decision: Decision, filter: DecisionFilter): boolean {
  return decisionFilters.every((name) => {
    const wanted = filter[name];
    return wanted === undefined || fits[name](decision, wanted);
  });
}

/** Remembers a limited number of the latest decisions. */
export class DecisionRing {
  readonly #size: number;
  #held: Decision[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(decision: Decision): void {
    this.#held.push(decision);
    // Dropping one per request would move a thousand each time; this keeps up to twice as many.
    if (this.#held.length >= 2 * this.#size) this.#held = this.all();
  }

  /** Oldest first. Throws `usage` for a filter that is none. */
  all(filter: DecisionFilter = {}): Decision[] {
    filterForm(filter, "decisions");
    return this.#held.slice(-this.#size).filter((decision) => matches(decision, filter));
  }

  clear(): void {
    this.#held = [];
  }
}
