import type { Controller } from "../controller/index.ts";
import type { Controllers, ControllerTools } from "../index.ts";
import { BoundAccounts } from "./account/index.ts";
import { ClusterView } from "./cluster-view.ts";
import { followedBy, partyControllers, type PartyControllersOptions } from "./controllers.ts";
import { Leftovers } from "./leftovers.ts";
import type { PartyPasses } from "./party.ts";
import type { BindingClients } from "./pass.ts";
import { FirstPasses, passesAfter } from "./reconcile.ts";
import { reconcileTrust } from "./reconcile-trust.ts";

/** Passes of AWSRoleBinding and AWSTrust. */
export function awsPasses(aws: BoundAccounts): PartyPasses<Pick<BindingClients, "aws">, Leftovers> {
  const firstPasses = new FirstPasses();
  aws.subscribe((key) => firstPasses.forget(key));
  return {
    party: "aws",
    clients: { aws },
    passing: ["AwsUnavailable", "RolePending", "RoleSettling"],
    reportedOnTrust: ["RoleKept", "RoleRetained"],
    binding: passesAfter(firstPasses),
    leftovers: () => new Leftovers(),
    trust: reconcileTrust,
    drifting(changed) {
      // Asked for as this process begins to lead: meanwhile another may have led.
      firstPasses.clear();
      return aws.subscribe(changed);
    },
  };
}

/** What the controllers of AWS work with. */
export interface BindingControllersOptions extends PartyControllersOptions {
  readonly aws: BoundAccounts;
}

/** The controllers of AWSRoleBinding and AWSTrust. */
export function bindingControllers({ aws, ...options }: BindingControllersOptions): readonly Controller[] {
  return partyControllers(awsPasses(aws), options);
}

/**
 * The controllers of AWSRoleBinding and AWSTrust, with the AWS credentials of the environment: in the cluster those that
 * the operator's own projected token gets it.
 */
export function reconcilingBindings(tools: ControllerTools): Controllers {
  const { api, clock, logger } = tools;
  const followed = followedBy(tools, "aws", new ClusterView(api, clock));
  const aws = new BoundAccounts({ clock, notice: (text) => logger.warn(text) });
  return bindingControllers({ ...followed, aws });
}
