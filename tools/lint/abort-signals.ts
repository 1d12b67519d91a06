/**
 * A rule for oxlint: no `AbortSignal.any` but where a run uses it once. It leaves a weak
 * reference in its signals each time, which a quiet process keeps for hours (ADR 16): a `ChildAbort` of base/ is released.
 * It holds in packages/ as well, and for every spelling: by another name, out of a pattern, through `globalThis`.
 */
import { usesOf } from "./members.ts";
import { type RuleContext, sourcePath } from "./rule.ts";

/** Files that may use it; no folder, in which any new file might. */
export const shortLived: readonly string[] = [
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
    if (path === undefined || shortLived.includes(path)) return {};
    return {
      Program() {
        for (const { node, member = "any" } of usesOf(context, "AbortSignal"))
          if (member === "any") context.report({ node, message });
      },
    };
  },
};
