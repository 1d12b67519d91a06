import { type Reason, reasons } from "../../../core/reasons/index.ts";
import type { DoctorFinding } from "../finding.ts";
import type { ChainFacts, StatusFinding } from "./facts.ts";

const proposesUp = /\bpodtrust up\b/u;

/**
 * What `status` found by which `podtrust up` refuses the whole run, or leaves a role as it is. `plan` prints the same refusals,
 * and may be asked all the same.
 */
const blocking: ReadonlySet<Reason> = new Set([
  "NotOwned",
  "RolePathDiffers",
  "TrustPolicyNotKept",
  "ClosedAfterTheft",
  "AccountMismatch",
  "CredentialsMissing",
]);

/** At other links the same reason is about what is published, for which `up` does not ask. */
function isBlocking({ reason, link }: StatusFinding): boolean {
  return blocking.has(reason) || (reason === "IssuerMismatch" && link === "cluster");
}

/** The step to take first, as `status` has it. */
function firstStep({ reason, next }: StatusFinding): string {
  const { next: otherwise = "" }: { readonly next?: string } = reasons[reason];
  return next ?? otherwise;
}

/** The findings, none of which sends to a `podtrust up` that refuses: what it refuses for is to be done before. */
export function withoutRefused(
  { status }: ChainFacts,
  findings: readonly DoctorFinding[],
): readonly DoctorFinding[] {
  const blocker = status.find(isBlocking);
  if (blocker === undefined) return findings;
  const first = firstStep(blocker);
  return findings.map((one) =>
    proposesUp.test(one.next) && one.next !== first && one.reason !== blocker.reason
      ? { ...one, next: `${first} Before that podtrust up changes nothing. Then: ${one.next}` }
      : one,
  );
}
