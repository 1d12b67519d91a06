import { defined, type Reason } from "../../core/base/index.ts";
import { type Condition, conditionOf, type Found } from "../../rules/bindings/index.ts";
import type { Finding } from "../../stack/index.ts";
import { type BindingStatus, type RoleStatus, writeStatus } from "./state.ts";
import type { BindingEvent, BindingOutcome, Turn } from "./turn.ts";

/** Drift is looked for this often: from a look at the whole account that all bindings share. */
export const defaultTurn = 60_000;

/** A finding as a condition of this type. */
export function foundOf(type: string, { reason, seen }: Finding): Found {
  return { type, reason, message: seen };
}

const eventsOf = (before: BindingStatus, conditions: readonly Condition[]): readonly BindingEvent[] =>
  conditions.flatMap((now): BindingEvent[] => {
    const stood = before.conditions.find(({ type }) => type === now.type);
    if (stood?.status === now.status && stood.reason === now.reason) return [];
    const { type, status, reason, message } = now;
    // What is so for some seconds with every role that is made.
    if (reason === "RoleSettling" || reason === "RolePending") return [];
    // Of what holds only the end is worth an Event.
    if (status === "True") return type === "Ready" ? [{ type: "Normal", reason, message }] : [];
    // That something is not known yet is no warning.
    return [{ type: status === "Unknown" ? "Normal" : "Warning", reason, message }];
  });

/** What of a turn goes into the status. */
export interface Ending {
  readonly found: readonly Found[];
  readonly roles?: readonly RoleStatus[];
  /** Given with `roles`. */
  readonly pendingRoles?: readonly RoleStatus[];
  readonly proved?: string;
  readonly changedAt?: string;
  readonly changes?: BindingOutcome["changes"];
  readonly againIn: number;
}

/** What somebody else had changed at AWS, and was changed back: not what a new binding or grant asks for. */
function driftEvents(
  before: BindingStatus,
  now: Pick<BindingStatus, "observedGeneration" | "observedTrust">,
  changes: BindingOutcome["changes"],
): readonly BindingEvent[] {
  const repaired = changes.filter(({ kind }) => kind === "update");
  const isAsked =
    before.observedGeneration !== now.observedGeneration || before.observedTrust !== now.observedTrust;
  if (repaired.length === 0 || isAsked) return [];
  const fields = repaired.flatMap((one) => one.fields.map(({ field }) => field));
  return [{ type: "Warning", reason: "RoleDrift", message: `repaired: ${fields.join(", ")}` }];
}

/** Writes how a turn ended into the status, and gives it. */
export async function ended(turn: Turn, ending: Ending): Promise<BindingOutcome> {
  const { facts, clients, clock, signal, status } = turn;
  const { found, changes = [], againIn } = ending;
  const generation = facts.object.metadata.generation ?? 0;
  const at = { now: clock.now(), generation };
  const conditions = found.map((one) => conditionOf(one, status.conditions, at));
  const lastProof = ending.proved ?? status.lastProof;
  const changedAt = ending.changedAt ?? status.changedAt;
  const observedTrust = turn.cutBy ?? status.observedTrust;
  const { roles, pendingRoles = [] } = ending.roles === undefined ? status : ending;
  const next: BindingStatus = {
    observedGeneration: generation,
    roles: roles ?? status.roles,
    ...(pendingRoles.length === 0 ? {} : { pendingRoles }),
    conditions,
    ...defined({ observedTrust, lastProof, changedAt }),
  };
  await writeStatus(clients.cluster, facts.object, next, signal);
  const drift = driftEvents(status, next, changes);
  return { conditions, events: [...drift, ...eventsOf(status, conditions)], changes, againIn };
}

/** The end of a turn in which nothing may be done: `Granted` and `Ready` say why. */
export function refused(
  turn: Turn,
  reason: Reason,
  message: string,
  more: Partial<Ending> = {},
): Promise<BindingOutcome> {
  const found = ["Granted", "Ready"].map((type): Found => ({ type, reason, message }));
  return ended(turn, { found, againIn: defaultTurn, ...more });
}
