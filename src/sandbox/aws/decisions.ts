import type { Decision } from "./wire/index.ts";

/** Which decisions are wanted; what is absent is not asked for. */
export interface DecisionFilter {
  /** As in ARNs: `sts`. */
  readonly service?: string;
  /** With its service or without: `sts:AssumeRole`, `AssumeRole`. */
  readonly action?: string;
  readonly decision?: Decision["decision"];
  /** What decided: `trust-policy`, `admin-key`. The page of rules has the names of STS's. */
  readonly rule?: string;
  /** AWS's code: `AccessDenied`. */
  readonly code?: string;
  readonly requestId?: string;
  /** A part of the caller's ARN or of a token's subject. */
  readonly who?: string;
  /** A part of the resource's ARN. */
  readonly resource?: string;
}

/** What a filter may ask for. */
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

/** Remembers the last so many decisions. */
export class DecisionRing {
  readonly #size: number;
  #held: Decision[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(decision: Decision): void {
    this.#held.push(decision);
    // Moving a thousand for each request that comes would cost more than keeping twice as many.
    if (this.#held.length >= 2 * this.#size) this.#held = this.all();
  }

  /** Oldest first. */
  all(filter: DecisionFilter = {}): Decision[] {
    return this.#held.slice(-this.#size).filter((decision) => matches(decision, filter));
  }

  clear(): void {
    this.#held = [];
  }
}
