import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  sandbox: {
    examples: [
      "podtrust sandbox",
      "podtrust sandbox --state ./aws --admin-credentials ./admin --log",
      "podtrust sandbox --clouds --cloud-mischief off",
    ],
    guide: "sandbox",
  },
  "sandbox env": {
    examples: [
      "podtrust sandbox env --for azure",
      "podtrust sandbox env --for gcp --language java",
      "podtrust sandbox env --for azure --language python --json",
    ],
    guide: "sandbox/azure",
  },
};

/** `podtrust sandbox`: what `podtrust-sandbox` of @podtrust/sandbox runs. */
export { addSandbox as define } from "../../sandbox/cli/index.ts";
