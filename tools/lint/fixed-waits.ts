/**
 * A rule for oxlint: a test does not wait for so many milliseconds. What such a wait proves holds on a fast machine alone:
 * `until` of test/support/until.ts waits for a state, a `TestClock` is moved, and what must not happen is proven by an event
 * that comes after it would have come. So a program is killed once its output or its files say where it is. A loop or an
 * `until` that asks a clock whether so much time has passed is such a wait, too.
 *
 * `test/gate/time-rules.test.ts` fails on an entry of the list in which nothing waits so.
 */
import { asksWhetherTimeHasPassed, isAnywhere } from "./clock-reads.ts";
import { bare, lastName, memberOf, takenBy } from "./members.ts";
import { isListed, type Node, type RuleContext, testPath } from "./rule.ts";

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
  // The grace of a program that is asked to end: what has not ended by itself is killed.
  "test/support/docker-engine.ts",
];

/** The function that a call is given first, and the name of that function's first parameter. */
function callbackOf({ arguments: [callback] = [] }: Node): {
  readonly body?: unknown;
  readonly resolve?: string;
} {
  const { body, params = [] } = (callback ?? {}) as { body?: unknown; params?: readonly Node[] };
  const resolve = params[0]?.name;
  return resolve === undefined ? { body } : { body, resolve };
}

const isCallOf = ({ type, callee }: Node, name: string): boolean =>
  type === "CallExpression" && lastName(callee) === name;

/** Whether a call is of what a function calls, and of nothing else: `() => resolve()`, `() => { resolve(); }`. */
function onlyCalls(callback: Node | undefined, name: string): boolean {
  const { body } = (callback ?? {}) as { body?: Node & { readonly body?: readonly Node[] } };
  const [first, second] = Array.isArray(body?.body) ? (body.body as readonly Node[]) : [body];
  return second === undefined && first !== undefined && isCallOf(bare(first), name);
}

/** `new Promise((resolve) => setTimeout(resolve, ms))`, in a block or a `function` too, and with nothing else that resolves it. */
function isTimer(node: Node): boolean {
  const { body, resolve } = callbackOf(node);
  if (lastName(node.callee) !== "Promise" || resolve === undefined) return false;
  let named = 0;
  const isIt = ({ type, name }: Node): boolean => {
    if (type === "Identifier" && name === resolve) named += 1;
    return false;
  };
  isAnywhere(body, isIt);
  return (
    named === 1 &&
    isAnywhere(body, (one) => {
      const [callback] = one.arguments ?? [];
      return isCallOf(one, "setTimeout") && (callback?.name === resolve || onlyCalls(callback, resolve));
    })
  );
}

/** `setTimeout(() => kill("SIGTERM"), ms)`, and the same of `child.kill`. */
const isTimedKill = (node: Node): boolean =>
  isCallOf(node, "setTimeout") && onlyCalls(node.arguments?.[0], "kill");

/** `promisify(setTimeout)`. */
const isPromisified = (node: Node): boolean =>
  isCallOf(node, "promisify") && lastName(node.arguments?.[0]) === "setTimeout";

/** `until("so much time has passed", () => Date.now() - begun > 3000)`: a sleep by the name of a state. */
const isSleepingUntil = ({ callee, arguments: given }: Node): boolean =>
  callee?.name?.startsWith("until") === true && asksWhetherTimeHasPassed(given);

const waitingModules: ReadonlySet<unknown> = new Set(["node:timers/promises", "timers/promises"]);
const timerModules: ReadonlySet<unknown> = new Set(["node:timers", "timers"]);

/** An import of what waits: all of node:timers/promises but `setImmediate`, and of node:timers what leads to that. */
function importsWait({ source, specifiers = [] }: Node): boolean {
  const names = specifiers.map(({ imported }) => imported?.name);
  if (waitingModules.has(source?.value)) return names.some((name) => name !== "setImmediate");
  return timerModules.has(source?.value) && names.some((name) => name === undefined || name === "promises");
}

/** What the machine's own clock is called in a file: by its import, or by a name that it has from there. */
function systemClocks({ sourceCode: { text, scopeManager } }: RuleContext): ReadonlySet<string> {
  const names = new Set(["systemClock"]);
  if (!text.includes("systemClock")) return names;
  for (const { name, defs } of scopeManager.scopes.flatMap(({ variables }) => variables))
    if (defs.some(({ node }) => node.imported?.name === "systemClock" || node.init?.name === "systemClock"))
      names.add(name);
  return names;
}

const message =
  "A test waits for a state (until of test/support/until.ts) or moves a TestClock. A file that paces, polls or measures stands in tools/lint/fixed-waits.ts.";

export const fixedWaitRule = {
  create(context: RuleContext) {
    const path = testPath(context.filename);
    if (path === undefined || isListed(fixedWaits, path)) return {};
    let clocks: ReadonlySet<string> | undefined;
    const isSystemClock = (node: Node | null | undefined): boolean =>
      (clocks ??= systemClocks(context)).has(lastName(node) ?? "");
    // With a signal it is the sleep of another clock.
    const isSystemSleep = ({ callee, arguments: given = [] }: Node): boolean =>
      callee !== undefined &&
      memberOf(callee) === "sleep" &&
      given.length === 1 &&
      isSystemClock(callee.object);
    const reportIf = (isWait: (node: Node) => boolean) => (node: Node) => {
      if (isWait(node)) context.report({ node, message });
    };
    const judgeLoop = reportIf((node) => asksWhetherTimeHasPassed((node as { test?: unknown }).test));
    return {
      DoWhileStatement: judgeLoop,
      ForStatement: judgeLoop,
      WhileStatement: judgeLoop,
      ImportDeclaration: reportIf(importsWait),
      ImportExpression: reportIf(({ source }) => waitingModules.has(source?.value)),
      NewExpression: reportIf(isTimer),
      MemberExpression: reportIf(
        (node) => memberOf(node) === "wait" && lastName(node.object) === "scheduler",
      ),
      VariableDeclarator: reportIf(
        ({ id, init }) => isSystemClock(init) && takenBy(id).some(([name]) => name === "sleep"),
      ),
      CallExpression: reportIf(
        (node) => isSystemSleep(node) || isTimedKill(node) || isSleepingUntil(node) || isPromisified(node),
      ),
    };
  },
};
