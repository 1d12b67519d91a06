import type { PrincipalType } from "../policy/document.ts";

/** Who asks. */
export interface Principal {
  readonly type: PrincipalType;
  /** Every name by which a policy may mean them: a session's own ARN and its role's, a provider's ARN. */
  readonly ids: readonly string[];
  /** Twelve digits: a policy that names the account, or its root, means all of its principals. */
  readonly account?: string;
}

/** Condition keys, without regard to case, and what the request says about them. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

/** One thing that somebody wants to do. */
export interface AccessRequest {
  /** `ssm:GetParameter` */
  readonly action: string;
  /** An ARN, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Needed where policies name principals: trust policies. */
  readonly principal?: Principal;
  readonly context: RequestContext;
}

/** One statement of one policy, and why it did or did not speak. */
export interface StatementTrace {
  readonly policy: string;
  /** Counted from 1. */
  readonly statement: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly matched: boolean;
  /** Sentences: why it does not match, or what it matched. */
  readonly because: readonly string[];
}

type Effect = "allow" | "explicit-deny" | "implicit-deny";

/** Which set of policies a decision was made in. */
export type Layer = "identity" | "boundary" | "session";

export interface Evaluation {
  readonly effect: Effect;
  /** The statement that decided; absent when none spoke. */
  readonly by?: { readonly policy: string; readonly statement: number; readonly sid?: string };
  /** For `authorize`: whose Deny it was, or which layer does not allow. Absent when allowed. */
  readonly layer?: Layer;
  /** Every statement that was looked at, in order. */
  readonly trace: readonly StatementTrace[];
}
