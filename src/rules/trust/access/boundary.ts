import type { PolicyDocument, Statement } from "../language/document.ts";
import { matchesAction } from "./match.ts";

/** Whether the actions of two patterns may have one in common: one of them has the other's text. */
const meet = (one: string, other: string): boolean =>
  matchesAction([one], other) || matchesAction([other], one);

/** Whether a statement says something of an action that a pattern means. */
function concerns({ actions, notActions = [] }: Statement, pattern: string): boolean {
  return actions === undefined
    ? !matchesAction(notActions, pattern)
    : actions.some((action) => meet(action, pattern));
}

/**
 * The patterns of actions that a policy allows and a permissions boundary allows nothing of: a role has none of them,
 * whatever its policies say. Which resources and conditions a boundary names is not looked at: what it allows of an action
 * at all counts as allowed.
 */
export function actionsBeyond(boundary: PolicyDocument, granted: PolicyDocument): readonly string[] {
  const limits = boundary.statements.filter(({ effect }) => effect === "Allow");
  const patterns = granted.statements.flatMap(({ effect, actions = [] }) =>
    effect === "Allow" ? actions : [],
  );
  return [...new Set(patterns)].filter((pattern) => !limits.some((limit) => concerns(limit, pattern)));
}
