import type { Command } from "commander";
import { defineApply } from "./apply/command.ts";
import { defineBind } from "./bind/command.ts";
import { defineCompletion } from "./completion/command.ts";
import { defineDemo } from "./demo/command.ts";
import { defineDoctor } from "./doctor/command.ts";
import { defineDown } from "./down/command.ts";
import { commandUses } from "./examples.ts";
import { defineExplain } from "./explain/command.ts";
import { defineInit } from "./init/command.ts";
import { defineExport } from "./export/command.ts";
import { defineImport } from "./import/command.ts";
import { defineJob } from "./job/command.ts";
import { defineKubectl } from "./kubectl/command.ts";
import { defineLogs } from "./logs/command.ts";
import { defineManifests } from "./manifests/command.ts";
import { defineOperator } from "./operator/command.ts";
import { defineOutput } from "./output/command.ts";
import { definePlan } from "./plan/command.ts";
import { definePublish } from "./publish/command.ts";
import { definePublisher } from "./publisher/command.ts";
import { defineRenewToken } from "./renew-token/command.ts";
import { defineRotateWithMachines } from "./rotate/command-with-machines.ts";
import { addSandbox } from "../sandbox/cli/index.ts";
import { defineServeWithClouds } from "./serve/command-with-clouds.ts";
import { defineSsh } from "./ssh/command.ts";
import { defineStatus } from "./status/command.ts";
import { defineTest } from "./test/command.ts";
import { defineToken } from "./token/command.ts";
import { nameByStack } from "./options/naming.ts";
import type { ExitCode, Host } from "../core/terminal/index.ts";
import { type CommandContext, type CommandTree, runTree } from "../core/command-line/index.ts";
import { defineTunnel } from "./tunnel/command.ts";
import { defineUp } from "./up/command.ts";
import { defineWait } from "./wait/command.ts";

/** `podtrust sandbox`: what `podtrust-sandbox` of @podtrust/sandbox runs. */
function defineSandbox(program: Command, context: CommandContext): void {
  addSandbox(program.command("sandbox"), context);
}

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
        defineRotateWithMachines,
        defineSsh,
        defineKubectl,
        defineTunnel,
        defineLogs,
        defineJob,
        defineRenewToken,
      ],
    },
    { title: "Check", commands: [defineStatus, defineTest, defineDoctor, defineExplain, defineToken] },
    { title: "Other", commands: [defineCompletion] },
  ],
  uses: commandUses,
  extend: (context) => Object.assign(context, { naming: nameByStack }),
};

/** Runs one command line of podtrust (without `node` and the program's name) and gives its exit code; never throws. */
export function run(args: readonly string[], host: Host): Promise<ExitCode> {
  return runTree(args, host, podtrust);
}
