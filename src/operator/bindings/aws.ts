import type { Controller } from "../controller/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import { partyControllers, type PartyControllersOptions } from "./controllers.ts";
import { Leftovers } from "./leftovers.ts";
import type { PartyPasses } from "./party.ts";
import type { BindingClients } from "./pass.ts";
import { reconcileBinding } from "./reconcile.ts";
import { reconcileTrust } from "./trust.ts";

/** Passes of AWSRoleBinding and AWSTrust. */
export function awsPasses(aws: BoundAccounts): PartyPasses<BindingClients> {
  /** By the trusts' names. */
  const leftovers = new Map<string, Leftovers>();
  return {
    party: "aws",
    clients: (cluster) => ({ ...cluster, aws }),
    passing: ["AwsUnavailable", "RolePending", "RoleSettling"],
    toldOnTrust: ["RoleKept", "RoleRetained"],
    binding: reconcileBinding,
    async trust(seen, trusts, clients, { clock, signal }) {
      for (const name of leftovers.keys()) if (!trusts.has(name)) leftovers.delete(name);
      if (seen === undefined) return { conditions: [], events: [], againIn: undefined };
      const { name } = seen.object.metadata;
      const left = leftovers.get(name) ?? new Leftovers();
      leftovers.set(name, left);
      return reconcileTrust({ ...seen, leftovers: left }, clients, clock, signal);
    },
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
