/** How a case ended. `left-out`: it could not be tried, for a reason that is told. */
export type Verdict = "passed" | "failed" | "left-out";

/** One call that was made, or why it was not. */
export interface CaseReport {
  /** `aws-test/demo gets in`, `a token for another audience is refused` */
  readonly name: string;
  readonly kind: "positive" | "negative";
  /** `account/role` */
  readonly role: string;
  readonly verdict: Verdict;
  /** What had to happen, in a sentence. */
  readonly expected: string;
  /** What did happen: an ARN, or AWS's code and text; for one left out, why. */
  readonly got: string;
  readonly seconds: number;
}

/** The one object of `podtrust test --json`. */
export interface TestReport {
  readonly stack: string;
  readonly issuer: string;
  readonly cases: readonly CaseReport[];
  readonly passed: number;
  readonly failed: number;
  readonly leftOut: number;
  /** Whether every positive succeeded, at least one of them, and every negative was refused for its reason. */
  readonly ok: boolean;
}

/** Counts what the cases came to. */
export function reportOf(stack: string, issuer: string, cases: readonly CaseReport[]): TestReport {
  const count = (verdict: Verdict): number => cases.filter((one) => one.verdict === verdict).length;
  const proven = cases.some(({ kind, verdict }) => kind === "positive" && verdict === "passed");
  const failed = count("failed");
  return {
    stack,
    issuer,
    cases,
    passed: count("passed"),
    failed,
    leftOut: count("left-out"),
    // Where nobody gets in, refusals prove nothing.
    ok: failed === 0 && proven,
  };
}
