import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { withIssuerOptions, withNotServers } from "../options/stack.ts";
import type { AdoptOptions } from "./open.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "adopt plan": {
    examples: ["podtrust adopt plan", "podtrust adopt plan -f prod.yaml", "podtrust adopt plan --json"],
    guide: "adopt-a-cluster",
  },
  "adopt run": {
    examples: ["podtrust adopt run", "podtrust adopt run -f prod.yaml", "podtrust adopt run --yes"],
    guide: "adopt-a-cluster",
  },
  "adopt status": {
    examples: ["podtrust adopt status", "podtrust adopt status -f prod.yaml", "podtrust adopt status --json"],
    guide: "adopt-a-cluster",
  },
  "adopt undo": {
    examples: ["podtrust adopt undo", "podtrust adopt undo --yes", "podtrust adopt undo --without-api"],
    guide: "adopt-a-cluster",
  },
  "adopt finish": {
    examples: ["podtrust adopt finish", "podtrust adopt finish -f prod.yaml", "podtrust adopt finish --yes"],
    guide: "adopt-a-cluster",
  },
};

const withAudiences = (command: Command): Command =>
  command.option(
    "--api-audiences <list>",
    "audiences of the API servers, comma-separated; none may be dropped",
  );
const inCluster = (command: Command): Command => withNotServers(withIssuerOptions(command));
const withYes = (command: Command): Command => command.option("--yes", "do it without asking");

/** `podtrust adopt`: gives a running cluster the config's issuer, so that no token is refused meanwhile. */
export function define(adopt: Command, context: CommandContext): void {
  withAudiences(inCluster(adopt.command("plan")))
    .description("show what blocks it, the steps in order, and what depends on the old issuer")
    .addHelpText("after", "\nChanges nothing. Exits 1 when adoption is refused.\n")
    .action(async (options: AdoptOptions) => {
      const { runAdoptPlan } = await import("./run.ts");
      await runAdoptPlan(context, options);
    });
  withYes(withAudiences(inCluster(adopt.command("run"))))
    .description(
      "carry the steps out, API server by API server; run it again to continue after an interruption",
    )
    .action(async (options: AdoptOptions) => {
      const { runAdoptRun } = await import("./run.ts");
      await runAdoptRun(context, options);
    });
  inCluster(adopt.command("status"))
    .description("show where the cluster stands, what comes next, and when the old issuer can go")
    .addHelpText(
      "after",
      "\nChanges nothing. Exits 3 until every API server signs with the config's issuer.\n",
    )
    .action(async (options: AdoptOptions) => {
      const { runAdoptStatus } = await import("./run.ts");
      await runAdoptStatus(context, options);
    });
  withYes(inCluster(adopt.command("undo")))
    .description(
      "go back to the old issuer, also step by step; files are restored once no token of the new one is valid",
    )
    .option(
      "--without-api",
      "no API server answers: restore over SSH the files from before podtrust's last change",
    )
    .action(async (options: AdoptOptions) => {
      const { runAdoptUndo } = await import("./run.ts");
      await runAdoptUndo(context, options);
    });
  withYes(inCluster(adopt.command("finish")))
    .description("remove the old issuer from every API server, once no pod holds a token of it")
    .action(async (options: AdoptOptions) => {
      const { runAdoptFinish } = await import("./run.ts");
      await runAdoptFinish(context, options);
    });
}
