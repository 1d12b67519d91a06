import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { defineRotate } from "./command.ts";

/** `podtrust rotate` that also reaches the publisher on a machine: what connects there is loaded for that alone. */
export function defineRotateWithMachines(program: Command, context: CommandContext): void {
  defineRotate(program, context, async (file, words) => {
    const { rotateOnMachine } = await import("./on-machine.ts");
    return rotateOnMachine(context, file, words);
  });
}
