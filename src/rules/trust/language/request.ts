import type { PrincipalType } from "./document.ts";

/** The caller. */
export interface Principal {
  readonly type: PrincipalType;
  /** Every name by which a policy may refer to it: a session's own ARN and its role's, a provider's ARN. */
  readonly ids: readonly string[];
  /** Twelve digits: a policy that names the account, or its root, means all of its principals. */
  readonly account?: string;
}

/** Condition keys, without regard to case, and what the request says about them. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

/** One request: an action on a resource. */
export interface AccessRequest {
  /** `ssm:GetParameter` */
  readonly action: string;
  /** An ARN, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Needed where policies name principals: trust policies. */
  readonly principal?: Principal;
  readonly context: RequestContext;
  /**
   * Condition keys whose values are not known yet, because only the call brings them. A condition on one of them
   * neither holds nor fails. Without regard to case; none by default.
   */
  readonly unknownKeys?: readonly string[];
}

/** One thing that a statement asks of a request, what the request has, and whether the two fit. */
export interface StatementCheck {
  readonly element:
    | "Principal"
    | "NotPrincipal"
    | "Action"
    | "NotAction"
    | "Resource"
    | "NotResource"
    | "Condition";
  /** Of a condition: `ForAnyValue:StringLike`. */
  readonly operator?: string;
  /** Of a condition: its key as the policy writes it. */
  readonly key?: string;
  /** What the policy names. */
  readonly wanted: readonly string[];
  /** What the request has; undefined where it has nothing of the kind, or where that is not known yet. */
  readonly given: readonly string[] | undefined;
  /** Undefined: it depends on a key that is not known yet. */
  readonly holds: boolean | undefined;
  /** The unknown keys on which it depends. */
  readonly dependsOn?: readonly string[];
  /** The same as a sentence. */
  readonly because: string;
}

/** One statement of one policy, and why it did or did not match. */
export interface StatementTrace {
  readonly policy: string;
  /** Counted from 1. */
  readonly statement: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  /** Undefined: it depends on a key that is not known yet. */
  readonly matched: boolean | undefined;
  /** What decided: everything that failed, else everything that is not known, else the conditions that hold. */
  readonly checks: readonly StatementCheck[];
}

/** `undecided` only where a request has keys that are not known yet, and the answer depends on them. */
type Effect = "allow" | "explicit-deny" | "implicit-deny" | "undecided";

/** Which set of policies a decision was made in. */
export type Layer = "identity" | "boundary" | "session";

export interface Evaluation {
  readonly effect: Effect;
  /** The statement that decided; absent when none matched. */
  readonly by?: { readonly policy: string; readonly statement: number; readonly sid?: string };
  /** For `authorize`: which layer's Deny it was, or which layer does not certainly allow. Absent when allowed. */
  readonly layer?: Layer;
  /** Every statement that was looked at, in order. */
  readonly trace: readonly StatementTrace[];
}
