import { type Command, CommanderError } from "commander";
import { nearest, PodtrustError } from "../base/index.ts";
import { bold, rich, type Writer } from "./terminal/index.ts";

const title = /^(?:Usage|Arguments|Options|Commands):/u;

/** Says a help text, its titles in bold. */
export function sayHelp(writer: Writer, help: string): void {
  for (const line of help.trimEnd().split("\n")) {
    const [name = ""] = title.exec(line) ?? [];
    writer.line(rich`${bold(name)}${line.slice(name.length)}`, 0);
  }
}

const subcommand = (command: Command, name: string): Command | undefined =>
  command.commands.find((one) => one.name() === name || one.aliases().includes(name));

/** `rotate status` of the words that were typed: the innermost command that they name. */
export function commandNamed(program: Command, args: readonly string[]): Command {
  let at = program;
  for (const word of args.filter((one) => !one.startsWith("-"))) {
    const next = subcommand(at, word);
    if (next === undefined) break;
    at = next;
  }
  return at;
}

/** `podtrust rotate status`. */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** `podtrust help [command…]`: the same as `--help`, and an error for a command that is not there. */
export function defineHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command("help")
    .description("show help for a command")
    .argument("[command...]", "the command, for example rotate status")
    .action((words: readonly string[]) => {
      let at = program;
      for (const word of words) {
        const next = subcommand(at, word);
        if (next === undefined) {
          const near = nearest(
            word,
            at
              .createHelp()
              .visibleCommands(at)
              .map((one) => one.name()),
          );
          throw new PodtrustError("usage", `${fullName(at)} has no command '${word}'`, {
            next: near === undefined ? `See \`${fullName(at)} --help\`.` : `Did you mean ${near}?`,
          });
        }
        at = next;
      }
      at.outputHelp();
      throw new CommanderError(0, "commander.helpDisplayed", "(outputHelp)");
    });
}
