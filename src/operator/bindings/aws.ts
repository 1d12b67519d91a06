import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { accountAnnotations } from "../../rules/injection/index.ts";
import type { Controller } from "../controller/index.ts";
import type { Controllers, ControllerTools } from "../index.ts";
import { BoundAccounts } from "./account/account.ts";
import { ClusterView } from "./cluster-view.ts";
import { followedBy, partyControllers, type PartyControllersOptions } from "./controllers.ts";
import { reconcile } from "./engine/reconcile.ts";
import type { BindingRow } from "./engine/row.ts";
import { FirstPasses } from "./engine/second-pass.ts";
import { Leftovers } from "./leftovers.ts";
import { MakingRoles } from "./making.ts";
import type { PartyPasses } from "./party.ts";
import type { BindingClients, BindingFacts, BindingOutcome } from "./pass.ts";
import { areMade, isAws, pending, planFinding, ProvingRoles, settles, untilProof } from "./prove.ts";
import { reconcileTrust } from "./reconcile-trust.ts";
import { roleRights, roleRules, type RoleTypes } from "./role-rights.ts";
import { roleAnnotations } from "./service-account.ts";
import { passInterval } from "./status.ts";
import { TakingRoles } from "./taking.ts";

/** AWS on the way of a binding. */
function roleRow(aws: BoundAccounts): BindingRow<RoleTypes> {
  const proving = new ProvingRoles(aws);
  return {
    vendor: "AWS",
    from: () => "AWS",
    isVendors: isAws,
    trouble: planFinding,
    late: (message) => new PodtrustError("aws-unreachable", message),
    rules: roleRules,
    rights: roleRights,
    open(trust, object) {
      if (trust === undefined) return Promise.resolve(undefined);
      // A role that goes from one grant to another is narrowed first.
      const grants = new Map<string, string>();
      const taking = new TakingRoles(aws, trust, object, grants);
      return Promise.resolve({ taking, making: new MakingRoles(aws, grants), proving, own: undefined });
    },
    annotations(bound) {
      const audience = proving.audience(bound);
      return roleAnnotations({ binding: bound.binding, roles: bound.granted, audience });
    },
    annotation: accountAnnotations["role-arn"],
    inSync: "RolesInSync",
    pending,
    // Writes of AWS wait for no turn.
    waiting: pending,
    maxTurn: 0,
    drift: "RoleDrift",
    keptReason: "RoleKept",
    interval: passInterval,
    proof: {
      accepted: "StsAccepted",
      settling: "RoleSettling",
      every: settles.every,
      untilLook: untilProof,
    },
    second: { isStillMade: (bound) => areMade(aws, bound) },
    // Roles are found by their marks.
    memory: "none",
  };
}

/** One pass of an AWSRoleBinding (`engine/reconcile.ts`). */
export function reconcileBinding(
  facts: BindingFacts,
  clients: BindingClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<BindingOutcome> {
  return reconcile(roleRow(clients.aws), facts, clients, { clock, signal });
}

/** Passes of AWSRoleBinding and AWSTrust. */
export function awsPasses(aws: BoundAccounts): PartyPasses<Pick<BindingClients, "aws">, Leftovers> {
  const row = roleRow(aws);
  const firstPasses = new FirstPasses<RoleTypes>();
  aws.subscribe((key) => firstPasses.forget(key));
  return {
    party: "aws",
    clients: { aws },
    passing: ["AwsUnavailable", "RolePending", "RoleSettling"],
    reportedOnTrust: ["RoleKept", "RoleRetained"],
    binding: (facts, clients, clock, signal) =>
      firstPasses.had(facts, (left) => reconcile(row, facts, clients, { clock, signal, left })),
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
