import type { Command } from "commander";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import { define as defineRotate, uses as publisherUses } from "./command.ts";
import { defineRotateMoves, rotateMoveUses } from "./moves-command.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = { ...publisherUses, ...rotateMoveUses };

/** `podtrust rotate` that also reaches machines: the publisher on one, and the API servers of `cluster.servers`. */
export function define(rotate: Command, context: CommandContext): void {
  defineRotate(rotate, context, {
    async elsewhere(file, words, afterwards) {
      const { configOf } = await import("../options/config.ts");
      const config = await configOf(context, file);
      const { rotateOnMachine } = await import("./on-machine.ts");
      if (await rotateOnMachine(context, config, words, afterwards)) return true;
      const { rotateUploads } = await import("./uploads.ts");
      return rotateUploads(context, config, words, afterwards);
    },
    async handOver(options, kid) {
      const { runHandOver } = await import("./hand-over.ts");
      return runHandOver(context, options, kid);
    },
    async across(options) {
      const { statusAcross } = await import("./moves.ts");
      return statusAcross(context, options);
    },
    async atParties(options, kid) {
      const { configOf } = await import("../options/config.ts");
      const config = await configOf(context, options.file ?? "podtrust.yaml");
      const { routeOf } = await import("../options/route.ts");
      const { endedAtParties } = await import("./at-parties.ts");
      const at = { config, route: await routeOf(context, options) };
      const parties = await endedAtParties(context, at, kid);
      return parties.length === 0 ? {} : { parties };
    },
  });
  defineRotateMoves(rotate, context);
}
