/**
 * A rule for oxlint: arguments, standard streams and the exit code belong to a program's first file, which hands its process
 * to `runProcess` of core/terminal. Everything else gets them as a `Host`, so that a test can give its own and a library says
 * nothing. `test/gate/global-rules.test.ts` fails on an entry of the list that hands on no process.
 */
import { usesOf } from "./members.ts";
import { type Node, type RuleContext, sourcePath } from "./rule.ts";

/** Files that hand on their process. */
export const ownProcess: readonly string[] = [
  "src/cli/main.ts",
  "src/cli/kubectl-plugin/complete.ts",
  "src/cli/publisher-program/main.ts",
  "src/cli/single-program/main.ts",
  "src/sandbox/cli/main.ts",
  // Waits for the end of the channel to who started it.
  "src/sandbox/process/main.ts",
  // Programs of one file that speak over standard input and output.
  "packages/kms/main.mjs",
  "packages/pkcs11/build.mjs",
  "packages/pkcs11/main.mjs",
];

const members: ReadonlySet<string> = new Set(["argv", "stdin", "stdout", "stderr", "exitCode", "exit"]);
const module = "node:process";

const message =
  "Arguments, streams and exit code are a program's own: they come in a Host of core/terminal. A program's first file stands in tools/lint/process-streams.ts.";

export const processStreamRule = {
  create(context: RuleContext) {
    const path = sourcePath(context.filename);
    if (path === undefined || ownProcess.includes(path)) return {};
    return {
      Program() {
        for (const { node, member } of usesOf(context, "process", [module]))
          if (member === undefined || members.has(member)) context.report({ node, message });
      },
      ImportDeclaration({ source, specifiers = [] }: Node) {
        for (const node of source?.value === module ? specifiers : [])
          if (members.has(node.imported?.name ?? "")) context.report({ node, message });
      },
      ImportExpression(node: Node) {
        const { source } = node as { source?: { value?: unknown } };
        if (source?.value === module) context.report({ node, message });
      },
    };
  },
};
