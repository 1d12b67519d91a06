import type { Command } from "commander";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import { define as defineRotate, uses as publisherUses } from "./command.ts";
import { defineRotateMoves, rotateMoveUses } from "./moves-command.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = { ...publisherUses, ...rotateMoveUses };

/** `podtrust rotate` that also reaches machines: the publisher on one, and the API servers of `cluster.servers`. */
export function define(rotate: Command, context: CommandContext): void {
  defineRotate(
    rotate,
    context,
    async (file, words, more) => {
      const { configOf } = await import("../options/config.ts");
      const config = await configOf(context, file);
      const { rotateOnMachine } = await import("./on-machine.ts");
      if (await rotateOnMachine(context, config, words, more)) return true;
      const { rotateUploads } = await import("./uploads.ts");
      return rotateUploads(context, config, words, more);
    },
    async (options) => {
      const { statusAcross } = await import("./moves.ts");
      return statusAcross(context, options);
    },
  );
  defineRotateMoves(rotate, context);
}
