/**
 * A rule for oxlint: a test asserts no upper bound of real time, which holds on a fast machine alone, unless it is named for
 * measuring time. What has to end is waited for by `until` of test/support/until.ts, whose one deadline is long.
 *
 * `test/gate/time-bounds.test.ts` fails on an entry of the list in which nothing is bounded so.
 */
import { isAnywhere, isElapsedTime } from "./clock-reads.ts";
import { lastName } from "./members.ts";
import { isListed, type Node, type RuleContext, testPath } from "./rule.ts";

/** Files that measure time; a folder ends with `/`. */
export const measuresTime: readonly string[] = [
  // How long a stolen key is accepted after it was distrusted: what two caches hold it for.
  "test/cluster/control-plane/rotation.test.ts",
  // Within how much time the API server dials a signer again.
  "test/cluster/signer/absence.test.ts",
  // Whether the clock of a restored machine is right.
  "test/machine/nightly/saved.test.ts",
];

/** Names of variables that hold how much time has passed: `const took = performance.now() - begun`. */
function elapsedNames({ sourceCode: { scopeManager } }: RuleContext): ReadonlySet<string> {
  const definitions = scopeManager.scopes.flatMap(({ variables }) => variables.flatMap(({ defs }) => defs));
  return new Set(
    definitions
      .filter(({ type, node }) => type === "Variable" && isElapsedTime(node.init))
      .map(({ node }) => node.id?.name ?? ""),
  );
}

const message =
  "A test bounds no real time from above: until of test/support/until.ts has one long deadline. A file that measures time stands in tools/lint/time-bounds.ts.";

export const timeBoundRule = {
  create(context: RuleContext) {
    const path = testPath(context.filename);
    const { text } = context.sourceCode;
    if (path === undefined || isListed(measuresTime, path) || !/\.(?:now|elapsed)\b|"now"/u.test(text))
      return {};
    let names: ReadonlySet<string> | undefined;
    const isTime = (side: unknown): boolean => {
      names ??= elapsedNames(context);
      return (
        isElapsedTime(side) ||
        isAnywhere(side, ({ type, name = "" }) => type === "Identifier" && names?.has(name) === true)
      );
    };
    const isBound = ({ type, operator = "", left, right }: Node): boolean =>
      type === "BinaryExpression" &&
      ((/^<=?$/u.test(operator) && isTime(left)) || (/^>=?$/u.test(operator) && isTime(right)));
    return {
      CallExpression(node: Node) {
        const { callee, arguments: given } = node;
        if (lastName(callee?.object ?? callee) !== "assert" || !isAnywhere(given, isBound)) return;
        context.report({ node, message });
      },
    };
  },
};
