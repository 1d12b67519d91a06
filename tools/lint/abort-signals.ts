/**
 * A rule for oxlint: no `AbortSignal.any` but in commands that end soon, and where a run uses it once. It leaves a weak
 * reference in its signals each time, which a quiet process keeps for hours (ADR 16): a `ChildAbort` of base/ is released.
 */
import { isListed, type MemberNode, type RuleContext, sourcePath } from "./rule.ts";

/** Files that may use it; a folder ends with `/`. */
export const shortLived: readonly string[] = [
  "src/cli/init/",
  // Once in a run of the demo each: `--keep` runs for hours.
  "src/demo/cluster/token-checker.ts",
  "src/demo/environment.ts",
  "src/demo/rotating.ts",
];

const message =
  "AbortSignal.any stays in its signals in a process that runs for long: use ChildAbort of base/.";

export const abortSignalsRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined || isListed(shortLived, path)) return {};
    return {
      MemberExpression(node: MemberNode) {
        if (node.object?.name === "AbortSignal" && node.property?.name === "any")
          context.report({ node, message });
      },
    };
  },
};
