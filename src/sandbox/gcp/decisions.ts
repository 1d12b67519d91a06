import { randomUUID } from "node:crypto";
import type { GoogleRefusal, RefusalNotes } from "./refusal.ts";

/** One decision of the stand-in for Google, in the form of the sandbox's decisions for AWS. */
export interface GoogleDecision {
  /** Milliseconds. */
  readonly time: number;
  readonly requestId: string;
  /** `sts:token`, `iam:workloadIdentityPools.create`. */
  readonly action: string;
  /** A principal, a service account, `admin`, or `anonymous`. */
  readonly who: string;
  readonly resource?: string;
  /** `invalid`: refused before authorization. */
  readonly decision: "allow" | "deny" | "invalid";
  /** The rule that decided, by name. */
  readonly rule: string;
  /** Google's code and text, if the answer was an error. */
  readonly code?: string;
  readonly message?: string;
  readonly why?: string;
  readonly next?: string;
}

// Clients choose some of these texts, and a thousand decisions are stored and shown.
const maxText = 2048;
const cut = (text: string): string =>
  text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text;

/** What is learned about one request on its way. */
export interface DecisionTrail {
  readonly action: string;
  who: string;
  resource?: string;
  /** Whether the caller was identified, and may be refused as such. */
  asked: boolean;
  /** The rule that allowed it. */
  rule: string;
}

function refusedAs({ asked }: DecisionTrail, { status }: GoogleRefusal): GoogleDecision["decision"] {
  return status === 401 || status === 403 || (asked && status === 400) ? "deny" : "invalid";
}

/** The record of an answered request. */
export function decisionOf(
  trail: DecisionTrail,
  time: number,
  refusal: GoogleRefusal | undefined,
): GoogleDecision {
  const { action, who, resource, rule } = trail;
  const notes: RefusalNotes = refusal?.notes ?? {};
  const optional = {
    resource,
    code: refusal?.code,
    message: refusal?.message,
    why: notes.why,
    next: notes.next,
  };
  const present = Object.entries(optional).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, cut(value)] as const],
  );
  return {
    time,
    requestId: randomUUID(),
    action: cut(action),
    who: cut(who),
    decision: refusal === undefined ? "allow" : refusedAs(trail, refusal),
    rule: notes.rule ?? rule,
    ...(Object.fromEntries(present) as Partial<Record<keyof typeof optional, string>>),
  };
}
