/**
 * A rule for oxlint: a time becomes a text by `isoTime` of src/core/base and what stands beside it: `isoSeconds`, `isoDay`,
 * `isoBasic`. Each file that calls `toISOString` makes forms of its own, with milliseconds or without.
 * `test/gate/time-rules.test.ts` fails on an entry that calls none.
 */
import { memberOf } from "./members.ts";
import { isListed, type Node, type RuleContext, sourcePath } from "./rule.ts";

/** Files that may call it. */
export const isoTexts: readonly string[] = [
  // Where the others have it from.
  "src/core/base/time-text.ts",
  // Times of certificates, in a room that imports no other.
  "src/core/x509/der.ts",
];

const message = "A time becomes a text by isoTime, isoSeconds, isoDay or isoBasic of core/base.";

export const isoTextRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined || isListed(isoTexts, path)) return {};
    return {
      MemberExpression(node: Node) {
        if (memberOf(node) === "toISOString") context.report({ node, message });
      },
    };
  },
};
