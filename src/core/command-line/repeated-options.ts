import type { Command } from "commander";
import { shellWord } from "../base/index.ts";
import { fullName } from "./help.ts";

/** The options that say where things are: a command that a hint names needs them as much as this one did. */
const carried = ["file", "connectTo", "ca"] as const;

const everyCommand = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(everyCommand),
];

/** Whether a command line says where things are, so that commands which a hint names have something to repeat. */
export const saysWhere = (given: Command): boolean =>
  carried.some((name) => given.getOptionValueSource(name) === "cli");

/** Those of a command line's options that were typed and that another command takes as well, as words. */
function wordsFor(command: Command, given: Command): readonly string[] {
  return carried.flatMap((name) => {
    const option = command.options.find((one) => one.attributeName() === name);
    if (option === undefined || given.getOptionValueSource(name) !== "cli") return [];
    const values = [given.getOptionValue(name) as string | readonly string[]].flat();
    return values.flatMap((value) => [option.short ?? option.long ?? "", value]);
  });
}

/**
 * Makes commands of podtrust that a hint names repeat where things are: `podtrust up` of a hint after
 * `status -f eu.yaml --ca root.pem` is `podtrust up -f eu.yaml --ca root.pem`.
 */
export function repeating(program: Command, given: Command): (hint: string) => string {
  const commands = everyCommand(program).filter((one) => one.parent !== null);
  const names = new Map(commands.map((one) => [fullName(one), one]));
  // The longest first, so that `apply demo` is not taken for `apply`.
  const known = [...names.keys()].sort((a, b) => b.length - a.length).join("|");
  const form = new RegExp(String.raw`\b(?:${known})(?![\w-])`, "gu");
  return (hint) =>
    hint.replaceAll(form, (name, at: number) => {
      const command = names.get(name);
      const words = command === undefined ? [] : wordsFor(command, given);
      if (words.length === 0) return name;
      const line = `${name} ${words.map(shellWord).join(" ")}`;
      // Where the sentence continues at once, a full stop must not become a part of the last word.
      return /^(?:$|[.,;:!?)])/u.test(hint.slice(at + name.length)) ? `\`${line}\`` : line;
    });
}
