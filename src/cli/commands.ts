import type { Command } from "commander";
import { adoptUses, defineAdopt } from "./adopt/command.ts";
import { defineApply, applyUses } from "./apply/command.ts";
import { backupUses, defineBackup } from "./backup/command.ts";
import { defineBind, bindUses } from "./bind/command.ts";
import { defineCompletion, completionUses } from "./completion/command.ts";
import { defineDemo, demoUses } from "./demo/command.ts";
import { defineDoctor, doctorUses } from "./doctor/command.ts";
import { defineDown, downUses } from "./down/command.ts";
import { defineExplain, explainUses } from "./explain/command.ts";
import { defineInit, initUses } from "./init/command.ts";
import { defineExport, exportUses } from "./export/command.ts";
import { defineImport, importUses } from "./import/command.ts";
import { defineJob } from "./job/command.ts";
import { defineKubectl, kubectlUses } from "./kubectl/command.ts";
import { defineLogs, logsUses } from "./logs/command.ts";
import { defineMap, mapUses } from "./map/command.ts";
import { defineManifests, manifestsUses } from "./manifests/command.ts";
import { defineOperator, operatorUses } from "./operator/command.ts";
import { defineOutput, outputUses } from "./output/command.ts";
import { definePlan, planUses } from "./plan/command.ts";
import { definePublish, publishUses } from "./publish/command.ts";
import { definePublisher, publisherUses } from "./publisher/command.ts";
import { defineRenewToken } from "./renew-token/command.ts";
import { addSandbox } from "../sandbox/cli/index.ts";
import { defineSigner, signerUses } from "./signer/command.ts";
import { defineSsh, sshUses } from "./ssh/command.ts";
import { defineStatus, statusUses } from "./status/command.ts";
import { defineTest, testUses } from "./test/command.ts";
import { defineToken, tokenUses } from "./token/command.ts";
import { serveUses, defineServe } from "./serve/command.ts";
import { defineRestore, restoreUses } from "./restore/command.ts";
import { defineRotateMoves, rotateMoveUses } from "./rotate/moves-command.ts";
import { rotateUses, defineRotate } from "./rotate/command.ts";
import { runTree, type CommandTree, type CommandUses } from "../core/command-line/index.ts";
import { defineTunnel, tunnelUses } from "./tunnel/command.ts";
import { defineUp, upUses } from "./up/command.ts";
import { defineWait, waitUses } from "./wait/command.ts";
import type { ExitCode, Host } from "../core/terminal/index.ts";
import type { CommandContext, Naming } from "./context.ts";

/** Settles the name by all that a stack is made of, which a config with a URL does not need: a publisher's memory least. */
const nameByStack: Naming = async (context, config, unknown) => {
  const { settleIssuer } = await import("../stack/index.ts");
  const { env, clock, signal, progress } = context;
  const notice = (said: string): void => progress.line(`note: ${said}`, 6);
  const name = await settleIssuer({ config, env, clock, notice }, unknown, signal);
  if (name.isNew && unknown === "choose")
    notice(`the name ${name.host} was chosen; it is remembered once up has made its records`);
  return name;
};

/** `podtrust rotate` that also reaches the publisher on a machine: what connects there is loaded for that alone. */
function defineRotateWithMachines(program: Command, context: CommandContext): void {
  const rotate = defineRotate(
    program,
    context,
    async (file, words, more) => {
      const { configOf } = await import("./options/config.ts");
      const config = await configOf(context, file);
      const { rotateOnMachine } = await import("./rotate/on-machine.ts");
      if (await rotateOnMachine(context, config, words, more)) return true;
      const { rotateUploads } = await import("./rotate/uploads.ts");
      return rotateUploads(context, config, words, more);
    },
    async (options) => {
      const { statusAcross } = await import("./rotate/moves.ts");
      return statusAcross(context, options);
    },
  );
  defineRotateMoves(rotate, context);
}

/** `podtrust serve` that asks every cloud it knows. What speaks with them is loaded by who needs it: its memory is small. */
function defineServeWithClouds(program: Command, context: CommandContext): void {
  defineServe(program, context, {
    async openTarget(s3) {
      const { openTarget } = await import("./options/bucket.ts");
      return openTarget(s3, context.clock);
    },
    async openBackups(bucket, issuer) {
      const { openBackups } = await import("./options/bucket.ts");
      return openBackups(bucket, issuer, context);
    },
    async openTxtRecords({ env, clock }, zone, waiting) {
      const { openChallengeRecords } = await import("../stack/index.ts");
      return openChallengeRecords({ ...zone, env, clock, waiting });
    },
  });
}

/** `podtrust sandbox`: what `podtrust-sandbox` of @podtrust/sandbox runs. */
function defineSandbox(program: Command, context: CommandContext): void {
  addSandbox(program.command("sandbox"), context);
}

/** Examples of what every tree of commands has. */
const treeUses: CommandUses = {
  version: { examples: ["podtrust version", "podtrust version --json", "podtrust --version"] },
  help: { examples: ["podtrust help", "podtrust help plan", "podtrust help rotate status"] },
};

/** Examples and guide of the command. */
const sandboxUses: CommandUses = {
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

/** All that podtrust can do. */
export const podtrust: CommandTree = {
  name: "podtrust",
  description:
    "Give the pods of any Kubernetes cluster IAM roles in AWS, without stored keys: the cluster becomes an OIDC identity provider that AWS trusts.",
  groups: [
    { title: "Try", commands: [defineDemo, defineSandbox] },
    {
      title: "Set up",
      commands: [
        defineInit,
        definePlan,
        defineUp,
        defineDown,
        defineImport,
        defineManifests,
        defineApply,
        defineBind,
        defineWait,
        defineExport,
        defineOutput,
      ],
    },
    {
      title: "Run",
      commands: [
        defineServeWithClouds,
        definePublish,
        definePublisher,
        defineOperator,
        defineSigner,
        defineAdopt,
        defineRotateWithMachines,
        defineBackup,
        defineRestore,
        defineSsh,
        defineKubectl,
        defineTunnel,
        defineLogs,
        defineJob,
        defineRenewToken,
      ],
    },
    {
      title: "Check",
      commands: [defineStatus, defineTest, defineDoctor, defineMap, defineExplain, defineToken],
    },
    { title: "Other", commands: [defineCompletion] },
  ],
  uses: {
    ...treeUses,
    ...demoUses,
    ...sandboxUses,
    ...initUses,
    ...planUses,
    ...upUses,
    ...doctorUses,
    ...downUses,
    ...importUses,
    ...mapUses,
    ...exportUses,
    ...outputUses,
    ...serveUses,
    ...publishUses,
    ...publisherUses,
    ...adoptUses,
    ...rotateUses,
    ...backupUses,
    ...restoreUses,
    ...rotateMoveUses,
    ...sshUses,
    ...kubectlUses,
    ...tunnelUses,
    ...logsUses,
    ...statusUses,
    ...testUses,
    ...explainUses,
    ...tokenUses,
    ...operatorUses,
    ...signerUses,
    ...manifestsUses,
    ...bindUses,
    ...waitUses,
    ...applyUses,
    ...completionUses,
  },
  extend: (context) => Object.assign(context, { naming: nameByStack }),
};

/** Runs one command line of podtrust (without `node` and the program's name) and gives its exit code; never throws. */
export function run(args: readonly string[], host: Host): Promise<ExitCode> {
  return runTree(args, host, podtrust);
}
