import { type CommandTree, runTree } from "../../core/command-line/index.ts";
import type { ExitCode, Host } from "../../core/terminal/index.ts";
import { addSandbox } from "./command.ts";

/** The sandbox alone, the command of @podtrust/sandbox. */
const sandbox: CommandTree = {
  name: "podtrust-sandbox",
  description:
    "run a local stand-in for AWS IAM, STS and SSM Parameter Store that enforces what AWS enforces",
  groups: [],
  root: addSandbox,
  uses: {
    "": {
      examples: [
        "podtrust-sandbox",
        "podtrust-sandbox --state ./aws --admin-credentials ./admin --log",
        "podtrust-sandbox --clouds --cloud-mischief off",
      ],
      guide: "sandbox",
    },
    env: {
      examples: [
        "podtrust-sandbox env --for azure",
        "podtrust-sandbox env --for gcp --language java",
        "podtrust-sandbox env --for azure --language python --json",
      ],
      guide: "sandbox/azure",
    },
  },
};

/** Runs one command line of podtrust-sandbox and returns its exit code; never throws. */
export function run(args: readonly string[], host: Host): Promise<ExitCode> {
  return runTree(args, host, sandbox);
}
