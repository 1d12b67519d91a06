import type { Reason } from "../../core/reasons/index.ts";

/**
 * How a case ended. `not-asked`: there was no token, or STS gave no answer, so nothing is known of it. `left-out`: it
 * was not to be tried, for a reason that is reported.
 */
export type CaseVerdict = "passed" | "failed" | "not-asked" | "left-out";

/** One call that was made, or why it was not. */
export interface CaseReport {
  /** `aws-test/demo is authorized`, `a token for another audience is refused` */
  readonly name: string;
  readonly kind: "positive" | "negative";
  /** `account/role` */
  readonly role: string;
  readonly verdict: CaseVerdict;
  /** What had to happen, in a sentence. */
  readonly expected: string;
  /** What did happen: an ARN, or AWS's code and text; for one that was not asked or left out, why. */
  readonly got: string;
  readonly seconds: number;
}

/** What is wrong with the issuer, by a reason of docs/reference/reasons.md. */
export interface IssuerDefect {
  readonly reason: Reason;
  readonly seen: string;
  readonly next: string;
}

/** The one object of `podtrust test --json`. */
export interface TestReport {
  readonly stack: string;
  readonly issuer: string;
  readonly cases: readonly CaseReport[];
  readonly passed: number;
  readonly failed: number;
  readonly notAsked: number;
  readonly leftOut: number;
  /**
   * Whether every positive case succeeded, at least one of them, and every negative one was asked and refused for its
   * reason.
   */
  readonly ok: boolean;
  /** Looked for if a ServiceAccount that should get in did not. */
  readonly issuerFault?: IssuerDefect;
}

/** Counts the outcomes. */
export function reportOf(stack: string, issuer: string, cases: readonly CaseReport[]): TestReport {
  const count = (verdict: CaseVerdict): number => cases.filter((one) => one.verdict === verdict).length;
  const proven = cases.some(({ kind, verdict }) => kind === "positive" && verdict === "passed");
  const [failed, notAsked] = [count("failed"), count("not-asked")];
  return {
    stack,
    issuer,
    cases,
    passed: count("passed"),
    failed,
    notAsked,
    leftOut: count("left-out"),
    // If nobody gets in, refusals prove nothing.
    ok: failed + notAsked === 0 && proven,
  };
}
