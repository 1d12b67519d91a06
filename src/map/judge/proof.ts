import { isoTime } from "../../core/base/index.ts";
import type { MapFacts } from "../facts.ts";
import type { Proof } from "./graph.ts";

/** The claim that needs a proof. */
export interface Claim {
  readonly account: string;
  readonly role: { readonly arn: string; readonly name: string };
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
}

/**
 * The last time that STS was asked: by this run, or by the operator for a binding. A test with one
 * ServiceAccount of a role is no proof for the others.
 */
export function proofOf(facts: MapFacts, { account, role, serviceAccount }: Claim): Proof | undefined {
  const own = facts.proofs.find(
    (one) => one.account === account && one.role === role.name && one.serviceAccount === serviceAccount,
  );
  if (own !== undefined) {
    const at = isoTime(facts.now);
    const { accepted, said } = own;
    return accepted
      ? { outcome: "accepted", at, by: "this run" }
      : { outcome: "refused", at, by: "this run", said };
  }
  const binding = facts.bindings.find(
    (one) => `${one.namespace}/${one.name}` === serviceAccount && one.becomes.includes(role.arn),
  );
  if (binding?.lastProof === undefined) return undefined;
  return { outcome: "accepted", at: binding.lastProof, by: `binding ${serviceAccount}` };
}
