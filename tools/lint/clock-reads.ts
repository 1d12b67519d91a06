/** What a test's source asks of a real clock. */
import { memberOf } from "./members.ts";
import type { Node } from "./rule.ts";

/** Whether it is so of any part of a tree; nodes know what is around them, too. */
export function isAnywhere(tree: unknown, holds: (node: Node) => boolean): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  if (holds(tree as Node)) return true;
  return Object.entries(tree).some(([key, part]) => key !== "parent" && isAnywhere(part, holds));
}

const clocks: ReadonlySet<string> = new Set(["Date", "performance"]);
const reads: ReadonlySet<string> = new Set(["now", "elapsed"]);

/** `Date.now()`, `performance.now()`, `systemClock.elapsed()`, however the member is written. */
const isClockRead = ({ type, callee }: Node): boolean => {
  if (type !== "CallExpression" || callee === undefined) return false;
  const name = callee.object?.name ?? "";
  return reads.has(memberOf(callee) ?? "") && (clocks.has(name) || name === "systemClock");
};

/** A difference of times, one of which a clock is asked for: `performance.now() - begun`. */
export const isElapsedTime = (tree: unknown): boolean =>
  isAnywhere(
    tree,
    (node) => node.type === "BinaryExpression" && node.operator === "-" && isAnywhere(node, isClockRead),
  );

const isNumber = ({ type, value }: Node): boolean => type === "Literal" && typeof value === "number";

/** Whether a comparison of a clock with a number stands in it: `performance.now() - begun < 3000`. */
export const asksWhetherTimeHasPassed = (tree: unknown): boolean =>
  isAnywhere(
    tree,
    (node) =>
      node.type === "BinaryExpression" &&
      /^[<>]=?$/u.test(String(node.operator)) &&
      isAnywhere(node, isClockRead) &&
      isAnywhere(node, isNumber),
  );
