import type { Command } from "commander";
import type { CommandContext } from "./context.ts";
import { defineApply } from "./apply/command.ts";
import { defineCompletion } from "./completion/command.ts";
import { defineDemo } from "./demo/command.ts";
import { defineDown } from "./down/command.ts";
import { defineExplain } from "./explain/command.ts";
import { defineInit } from "./init/command.ts";
import { defineExport } from "./export/command.ts";
import { defineImport } from "./import/command.ts";
import { defineJob } from "./job/command.ts";
import { defineManifests } from "./manifests/command.ts";
import { definePlan } from "./plan/command.ts";
import { definePublish } from "./publish/command.ts";
import { defineRenewToken } from "./renew-token/command.ts";
import { defineRotate } from "./rotate/command.ts";
import { defineSandbox } from "./sandbox/command.ts";
import { defineServe } from "./serve/command.ts";
import { defineStatus } from "./status/command.ts";
import { defineTest } from "./test/command.ts";
import { defineToken } from "./token/command.ts";
import { defineUp } from "./up/command.ts";

/**
 * Adds one command to the program. The file holds the command's words only; what does the work is imported
 * inside the action, so that `podtrust --help` loads none of it.
 */
export type DefineCommand = (program: Command, context: CommandContext) => void;

/** Every command, in the order in which help lists them. */
export const commands: readonly DefineCommand[] = [
  defineDemo,
  defineSandbox,
  defineInit,
  definePlan,
  defineUp,
  defineDown,
  defineImport,
  defineServe,
  definePublish,
  defineRotate,
  defineStatus,
  defineTest,
  defineExplain,
  defineToken,
  defineManifests,
  defineApply,
  defineExport,
  defineCompletion,
  defineJob,
  defineRenewToken,
];
