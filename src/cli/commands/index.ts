import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { defineApply } from "./apply.ts";
import { defineCompletion } from "./completion.ts";
import { defineDemo } from "./demo.ts";
import { defineDown } from "./down.ts";
import { defineExplain } from "./explain.ts";
import { defineImport } from "./import.ts";
import { defineJob } from "./job.ts";
import { defineManifests } from "./manifests.ts";
import { definePlan } from "./plan.ts";
import { definePublish } from "./publish.ts";
import { defineRotate } from "./rotate.ts";
import { defineSandbox } from "./sandbox.ts";
import { defineServe } from "./serve.ts";
import { defineStatus } from "./status.ts";
import { defineTest } from "./test.ts";
import { defineToken } from "./token.ts";
import { defineUp } from "./up.ts";

/**
 * Adds one command to the program. The file holds the command's words only; what does the work is imported
 * inside the action, so that `podtrust --help` loads none of it.
 */
export type DefineCommand = (program: Command, context: CommandContext) => void;

/** Every command, in the order in which help lists them. */
export const commands: readonly DefineCommand[] = [
  defineDemo,
  defineSandbox,
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
  defineCompletion,
  defineJob,
];
