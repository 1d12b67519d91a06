import { type Reason, reasons } from "../../../core/reasons/index.ts";
import type { DoctorFinding } from "../finding.ts";
import type { ChainFacts, StatusFinding } from "./facts.ts";

const proposesUp = /\bpodtrust up\b/u;

/**
 * What `status` found by which `podtrust up` refuses the whole run, or leaves a role as it is. `plan` prints the same refusals,
 * and may be asked all the same.
 */
const blocking = [
  "NotOwned",
  "RolePathDiffers",
  "TrustPolicyNotKept",
  "ClosedAfterTheft",
  "AccountMismatch",
  "CredentialsMissing",
  "IssuerMismatch",
] as const satisfies readonly Reason[];

type Blocking = StatusFinding & { readonly reason: (typeof blocking)[number] };

function isBlocking(finding: StatusFinding): finding is Blocking {
  // At other links the same reason is about what is published, for which `up` does not ask.
  if (finding.reason === "IssuerMismatch" && finding.link !== "cluster") return false;
  return blocking.some((reason) => reason === finding.reason);
}

/** The findings, none of which sends to a `podtrust up` that refuses: what it refuses for is to be done before. */
export function withoutRefused(
  { status }: ChainFacts,
  findings: readonly DoctorFinding[],
): readonly DoctorFinding[] {
  const blocker = status.find(isBlocking);
  if (blocker === undefined) return findings;
  const { reason, next: first = reasons[reason].next } = blocker;
  return findings.map((one) =>
    proposesUp.test(one.next) && one.next !== first && one.reason !== reason
      ? { ...one, next: `${first} Before that podtrust up changes nothing. Then: ${one.next}` }
      : one,
  );
}
