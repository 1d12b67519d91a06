/**
 * A rule for oxlint: a test does not wait for so many milliseconds. What such a wait proves holds on a fast machine alone:
 * `until` of test/support/until.ts waits for a state, a `TestClock` is moved, and what must not happen is proven by an event
 * that comes after it would have come. So a program is killed once its output or its files say where it is. A loop or an
 * `until` that asks a clock whether so much time has passed is such a wait, too.
 *
 * `test/gate/time-rules.test.ts` fails on an entry of the list in which nothing waits so.
 */
import { isListed, type MemberNode, type RuleContext } from "./rule.ts";

/** Files that may wait so; a folder ends with `/`. */
export const fixedWaits: readonly string[] = [
  // The polls that others use, the clocks that others move, and the sleep that is itself under test.
  "src/core/base/base.test.ts",
  "test/support/steps.ts",
  "test/support/swift-clock.ts",
  "test/support/until.ts",
  "test/dns/dns-01.test.ts",
  // A poll that watches a program as well, and says its last words once it has ended.
  "test/cluster/story/podtrust.ts",
  // What others are asked or held for meanwhile, again and again with a pause.
  "test/cluster/bindings/world.ts",
  "test/cluster/control-plane/adoption.test.ts",
  "test/cluster/control-plane/checker.ts",
  "test/cluster/control-plane/kubelet-stand-in.ts",
  "test/cluster/control-plane/relying-party.ts",
  "test/cluster/former-issuer.test.ts",
  "test/cluster/kubernetes-api.test.ts",
  "test/cluster/operator/lease-holder.ts",
  "test/cluster/operator/operator-program.ts",
  "test/cluster/story/aws-account.ts",
  "test/machine/story.test.ts",
  // A lease's term, which the test measures.
  "test/cluster/operator/lease.test.ts",
  // Caches of a JWK Set in another process, which run out by Cache-Control and a real clock.
  "test/cluster/api-versions.test.ts",
  "test/cluster/demo-cluster.test.ts",
  "test/cluster/guide/07-rotate-signing-key.ts",
  // Attacks and figures: they are paced, and last for so long.
  "test/bench/",
  "test/hostile/",
  // The grace of a program that is told to end: what has not ended by itself is killed.
  "test/support/docker-engine.ts",
];

interface Named {
  readonly type: string;
  readonly name?: string;
}

interface ImportNode {
  readonly source: { readonly value: unknown };
  readonly specifiers: readonly { readonly imported?: Named }[];
}

interface CallNode {
  readonly callee: MemberNode & Partial<Named>;
  readonly arguments: readonly unknown[];
}

/** A function whose body is one expression. */
interface Arrow {
  readonly body?: { readonly type: string; readonly callee?: MemberNode & Partial<Named> };
}

interface NewNode {
  readonly callee: Named;
  readonly arguments: readonly { readonly body?: { readonly callee?: Named } }[];
}

/** A loop with a test of its own; that of a `for` may be left out. */
interface LoopNode {
  readonly test?: unknown;
}

/** The path of a test, or of what tests share, from its `src/` or `test/` on; undefined for all other files. */
function testPath(filename: string): string | undefined {
  const parts = filename.split(/[/\\]/u);
  const at = parts.findIndex((part, index) => {
    const isRoot = part === "test" || part === "src";
    return isRoot && !parts.slice(0, index).some((before) => before === "test" || before === "src");
  });
  const path = at === -1 ? "" : parts.slice(at).join("/");
  return path.startsWith("test/") || path.endsWith(".test.ts") ? path : undefined;
}

/** `new Promise((resolve) => setTimeout(resolve, ms))`. */
const isTimer = ({ callee, arguments: [executor] }: NewNode): boolean =>
  callee.name === "Promise" && executor?.body?.callee?.name === "setTimeout";

/** `systemClock.sleep(ms)`; with a signal it is the sleep of another clock. */
const isSystemSleep = ({ callee: { object, property }, arguments: given }: CallNode): boolean =>
  object?.name === "systemClock" && property?.name === "sleep" && given.length === 1;

/** `setTimeout(() => kill("SIGTERM"), ms)`, and the same of `child.kill`. */
function isTimedKill({ callee, arguments: [callback] }: CallNode): boolean {
  const called = (callback as Arrow | undefined)?.body?.callee;
  return callee.name === "setTimeout" && (called?.name ?? called?.property?.name) === "kill";
}

/** Whether it is so of any part of a tree; nodes know what is around them, too. */
function isAnywhere(tree: unknown, holds: (node: Readonly<Record<string, unknown>>) => boolean): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  const node = tree as Readonly<Record<string, unknown>>;
  if (holds(node)) return true;
  return Object.entries(node).some(([key, part]) => key !== "parent" && isAnywhere(part, holds));
}

const clocks = new Set(["Date", "performance"]);

/** `Date.now()`, `performance.now()`. */
const isClockRead = ({ type, callee }: Readonly<Record<string, unknown>>): boolean => {
  const { object, property } = type === "CallExpression" ? (callee as MemberNode) : {};
  return property?.name === "now" && clocks.has(object?.name ?? "");
};

const isNumber = ({ type, value }: Readonly<Record<string, unknown>>): boolean =>
  type === "Literal" && typeof value === "number";

/** Whether a comparison of a clock with a number stands in it: `performance.now() - begun < 3000`. */
const asksWhetherTimeHasPassed = (tree: unknown): boolean =>
  isAnywhere(
    tree,
    (node) =>
      node["type"] === "BinaryExpression" &&
      /^[<>]=?$/u.test(String(node["operator"])) &&
      isAnywhere(node, isClockRead) &&
      isAnywhere(node, isNumber),
  );

/** `until("so much time has passed", () => Date.now() - begun > 3000)`: a sleep by the name of a state. */
const isSleepingUntil = ({ callee, arguments: given }: CallNode): boolean =>
  callee.name?.startsWith("until") === true && asksWhetherTimeHasPassed(given);

const message =
  "A test waits for a state (until of test/support/until.ts) or moves a TestClock. A file that paces, polls or measures stands in tools/lint/fixed-waits.ts.";

export const fixedWaitRule = {
  create(context: RuleContext) {
    const path = testPath(context.filename);
    if (path === undefined || isListed(fixedWaits, path)) return {};
    const judgeLoop = (node: LoopNode): void => {
      if (asksWhetherTimeHasPassed(node.test)) context.report({ node, message });
    };
    return {
      DoWhileStatement: judgeLoop,
      ForStatement: judgeLoop,
      WhileStatement: judgeLoop,
      ImportDeclaration(node: ImportNode) {
        const names = node.specifiers.map(({ imported }) => imported?.name);
        if (node.source.value === "node:timers/promises" && names.includes("setTimeout"))
          context.report({ node, message });
      },
      NewExpression(node: NewNode) {
        if (isTimer(node)) context.report({ node, message });
      },
      CallExpression(node: CallNode) {
        if (isSystemSleep(node) || isTimedKill(node) || isSleepingUntil(node))
          context.report({ node, message });
      },
    };
  },
};
