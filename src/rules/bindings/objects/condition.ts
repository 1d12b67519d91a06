import { isoSeconds } from "../../../core/base/index.ts";
import { type Outcome, type Reason, reasons } from "../../../core/reasons/index.ts";

/** A condition of an object's status, as Kubernetes has them (metav1.Condition). */
export interface StatusCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
  /** RFC 3339: when `status` became what it is. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

const statuses: Readonly<Record<Outcome, StatusCondition["status"]>> = {
  ok: "True",
  warning: "False",
  broken: "False",
  unseen: "Unknown",
};

const maxMessage = 1024;

/** What a condition is made of, except the time. */
export interface ConditionContent {
  readonly type: string;
  readonly reason: Reason;
  readonly message: string;
}

/** A condition for what was found, seen against the one that stood: only another status is a transition. */
export function conditionOf(
  { type, reason, message }: ConditionContent,
  before: readonly StatusCondition[],
  at: { readonly now: number; readonly generation: number },
): StatusCondition {
  const status = statuses[reasons[reason].outcome];
  const stood = before.find((one) => one.type === type);
  const isOld = stood?.status === status;
  return {
    type,
    status,
    reason,
    message: message.slice(0, maxMessage),
    lastTransitionTime: isOld ? stood.lastTransitionTime : isoSeconds(at.now),
    observedGeneration: at.generation,
  };
}
