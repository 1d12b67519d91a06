import { lengthText } from "../../../core/base/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import { type ChainFacts, lookedAt, type RoleLook, type WorkloadLook } from "./facts.ts";

/** A new role is known to STS after that, at the latest: in milliseconds. */
const spreadMs = 60_000;

function roleOf({ accounts }: ChainFacts, { roleArn }: WorkloadLook): RoleLook | undefined {
  return accounts.flatMap(({ roles }) => lookedAt(roles) ?? []).find(({ arn }) => arn === roleArn);
}

/** STS refuses what its own rules would accept. */
function against(
  facts: ChainFacts,
  workload: WorkloadLook,
  code: string,
  message: string,
): readonly DoctorFinding[] {
  const seen = (more: string): string => `${workload.serviceAccount}: ${code}: ${message}; ${more}`;
  if (code !== "AccessDenied") {
    const more =
      "every link that it looks at holds from here; if it stays so, something in front of the issuer keeps AWS out alone";
    return [finding("StsIncident", { seen: seen(more) })];
  }
  const created = roleOf(facts, workload)?.state?.created;
  if (created !== undefined && facts.now - created < spreadMs)
    return [
      finding("RolePropagating", { seen: seen(`the role was made ${lengthText(facts.now - created)} ago`) }),
    ];
  return [
    finding("OrganisationDenies", { seen: seen("by every rule that can be seen it would be accepted") }),
  ];
}

/** What STS's own answer says beyond the links before it. */
export function judgeSts(facts: ChainFacts): readonly DoctorFinding[] {
  return facts.workloads.flatMap((workload): readonly DoctorFinding[] => {
    const { exchange, decided, serviceAccount } = workload;
    if (exchange?.kind === "failed") {
      if (exchange.code !== "aws-unavailable") return [];
      return [finding("StsIncident", { seen: `${serviceAccount}: ${exchange.message}` })];
    }
    if (exchange?.kind !== "refused" || decided !== "accepted") return [];
    return against(facts, workload, exchange.code, exchange.message);
  });
}
