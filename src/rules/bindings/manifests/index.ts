import type { PolicyMinor } from "../../injection/index.ts";
import { operatorAccount } from "../names/index.ts";
import { awsManifests } from "./aws.ts";
import { crd } from "./crds.ts";
import { finalizerPolicy } from "./finalizer-policy.ts";
import { grantsGuard } from "./grants-guard.ts";
import { type OperatorIdentity, operatorGuards } from "./operator-guards.ts";
import type { PartyManifests } from "./party.ts";
import { releaseGuard } from "./release-guard.ts";
import { reconcileRights, tenantRights } from "./rights.ts";

export { grantsGuardName } from "./grants-guard.ts";
export { proofTokenSeconds } from "./operator-guards.ts";
export { tenantQuota } from "./quota.ts";
export { awsManifests } from "./aws.ts";
export { age, bindingStatus, proved, readyColumn, text, trustStatus } from "./crds.ts";
export type { OwnToken, PartyManifests } from "./party.ts";

/** The name of the operator by default. */
export const defaultIdentity: OperatorIdentity = { ...operatorAccount, audiences: ["sts.amazonaws.com"] };

const onlyAws: readonly PartyManifests[] = [awsManifests];

/** What makes bindings known to a cluster, and refuses those that no grant allows; it contains no rights. */
export function bindingPolicies(rows = onlyAws): readonly object[] {
  return [
    ...rows.flatMap(({ kinds }) => kinds.map(crd)),
    ...rows.flatMap(grantsGuard),
    ...rows.flatMap(releaseGuard),
  ];
}

/** The operator and the cluster. */
export interface BindingManifestsSpec extends Partial<OperatorIdentity> {
  /** 1.36 by default: its form is good for every later one. 1.35 has no MutatingAdmissionPolicy of v1. */
  readonly kubernetes?: PolicyMinor;
  /** One for each relying party; AWS alone by default. */
  readonly rows?: readonly PartyManifests[];
}

/** All that bindings need in a cluster: definitions, guards, and the rights of people and of the operator. */
export function bindingManifests(spec: BindingManifestsSpec = {}): readonly object[] {
  const { kubernetes = "1.36", rows = onlyAws, ...identity } = spec;
  const whole = { ...defaultIdentity, ...identity };
  const names = rows.map((one) => one.names);
  return [
    ...bindingPolicies(rows),
    ...(kubernetes === "1.35" ? [] : names.flatMap(finalizerPolicy)),
    ...operatorGuards(whole, rows),
    ...tenantRights(names),
    ...reconcileRights(whole, names),
  ];
}
