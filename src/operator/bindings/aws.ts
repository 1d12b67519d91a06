import type { Controller } from "../controller/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import { partyControllers, type PartyControllersOptions } from "./controllers.ts";
import { Leftovers } from "./leftovers.ts";
import type { PartyPasses } from "./party.ts";
import type { BindingClients } from "./pass.ts";
import { reconcileBinding } from "./reconcile.ts";
import { reconcileTrust } from "./reconcile-trust.ts";

/** Passes of AWSRoleBinding and AWSTrust. */
export function awsPasses(aws: BoundAccounts): PartyPasses<Pick<BindingClients, "aws">, Leftovers> {
  return {
    party: "aws",
    clients: { aws },
    passing: ["AwsUnavailable", "RolePending", "RoleSettling"],
    reportedOnTrust: ["RoleKept", "RoleRetained"],
    binding: reconcileBinding,
    leftovers: () => new Leftovers(),
    trust: reconcileTrust,
    drifting: (changed) => aws.subscribe(changed),
  };
}

/** What those of AWS work with. */
export interface BindingControllersOptions extends PartyControllersOptions {
  readonly aws: BoundAccounts;
}

/** The controllers of AWSRoleBinding and AWSTrust. */
export function bindingControllers({ aws, ...options }: BindingControllersOptions): readonly Controller[] {
  return partyControllers(awsPasses(aws), options);
}
