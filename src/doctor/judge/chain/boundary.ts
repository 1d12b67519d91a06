import { actionsBeyond, parsePolicy, type PolicyDocument } from "../../../rules/trust/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import { type ChainFacts, lookedAt, type PolicyLook, type RoleLook } from "./facts.ts";

const maxShown = 8;

/** A policy of IAM; undefined where it cannot be read. */
function documentOf({ text }: PolicyLook, kind: "boundary" | "identity"): PolicyDocument | undefined {
  try {
    return parsePolicy(text, kind);
  } catch {
    return undefined;
  }
}

function judgeRole({ name, limits }: RoleLook): readonly DoctorFinding[] {
  const seen = lookedAt(limits);
  const boundary = seen && documentOf(seen.boundary, "boundary");
  if (seen === undefined || boundary === undefined) return [];
  const lost = seen.policies.flatMap((policy) => {
    const document = documentOf(policy, "identity");
    const actions = document === undefined ? [] : actionsBeyond(boundary, document);
    return actions.length === 0 ? [] : [`${policy.name}: ${actions.slice(0, maxShown).join(", ")}`];
  });
  if (lost.length === 0) return [];
  return [
    finding("BoundaryForbids", {
      seen: `role ${name} has the boundary ${seen.boundary.name}, which allows nothing of ${lost.join("; of ")}`,
    }),
  ];
}

/** What a role's policies grant and its permissions boundary keeps from it. */
export function judgeBoundaries({ accounts }: ChainFacts): readonly DoctorFinding[] {
  return accounts.flatMap(({ roles }) => (lookedAt(roles) ?? []).flatMap(judgeRole));
}
