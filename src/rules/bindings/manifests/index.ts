import type { PolicyMinor } from "../../injection/index.ts";
import { type BoundParty, operatorAccount } from "../names.ts";
import { awsManifests } from "./aws.ts";
import { crd } from "./crds.ts";
import { finalizerPolicy } from "./finalizer-policy.ts";
import { grantsGuard } from "./grants-guard.ts";
import { type OperatorIdentity, operatorGuards } from "./operator-guards.ts";
import type { PartyManifests } from "./party.ts";
import { releaseGuard } from "./release-guard.ts";
import { reconcileRights, tenantRights } from "./rights.ts";

export { proofTokenSeconds } from "./operator-guards.ts";
export { tenantQuota } from "./quota.ts";

/** What the operator is called where nobody says otherwise. */
export const defaultIdentity: OperatorIdentity = { ...operatorAccount, audiences: ["sts.amazonaws.com"] };

/** One row for each relying party. */
const rows: Readonly<Record<BoundParty, PartyManifests>> = { aws: awsManifests };

const onlyAws: readonly BoundParty[] = ["aws"];

/** What makes bindings known to a cluster, and refuses those that no grant allows: nobody's rights are in it. */
export function bindingPolicies(parties: readonly BoundParty[] = onlyAws): readonly object[] {
  return [
    ...parties.flatMap((one) => rows[one].kinds.map(crd)),
    ...parties.flatMap((one) => grantsGuard(one, rows[one].question)),
    ...parties.flatMap(releaseGuard),
  ];
}

/** For which operator, and which cluster. */
export interface BindingManifestsSpec extends Partial<OperatorIdentity> {
  /** 1.36 by default: its form is good for every later one. 1.35 has no MutatingAdmissionPolicy of v1. */
  readonly kubernetes?: PolicyMinor;
  /** AWS alone by default. */
  readonly parties?: readonly BoundParty[];
}

/** All that bindings take in a cluster: definitions, guards, and the rights of people and of the operator. */
export function bindingManifests(spec: BindingManifestsSpec = {}): readonly object[] {
  const { kubernetes = "1.36", parties = onlyAws, ...identity } = spec;
  const whole = { ...defaultIdentity, ...identity };
  return [
    ...bindingPolicies(parties),
    ...(kubernetes === "1.35" ? [] : parties.flatMap(finalizerPolicy)),
    ...operatorGuards(
      whole,
      parties,
      parties.map((one) => rows[one]),
    ),
    ...tenantRights(parties),
    ...reconcileRights(whole, parties),
  ];
}
