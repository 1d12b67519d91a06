import { operatorAccount } from "../names.ts";
import { bindingCrds } from "./crds.ts";
import { grantsGuard } from "./grants-guard.ts";
import { type OperatorIdentity, operatorGuards } from "./operator-guards.ts";
import { reconcileRights, tenantRights } from "./rights.ts";

export { proofTokenSeconds } from "./operator-guards.ts";

/** What the operator is called where nobody says otherwise. */
export const usualIdentity: OperatorIdentity = { ...operatorAccount, audiences: ["sts.amazonaws.com"] };

/** What makes bindings known to a cluster, and refuses those that no grant allows: nobody's rights are in it. */
export function bindingPolicies(): readonly object[] {
  return [...bindingCrds(), ...grantsGuard()];
}

/** All that bindings take in a cluster: definitions, guards, and the rights of people and of the operator. */
export function bindingManifests(identity: Partial<OperatorIdentity> = {}): readonly object[] {
  const whole = { ...usualIdentity, ...identity };
  return [...bindingPolicies(), ...operatorGuards(whole), ...tenantRights(), ...reconcileRights(whole)];
}
