import { type Command, CommanderError } from "commander";
import { nearest, PodtrustError } from "../base/index.ts";
import { bold, rich, unbroken, type Writer } from "./terminal/index.ts";

const title = /^(?:Usage:|Guide:|[A-Z][A-Za-z ]{1,20}:$)/u;

/** Where the text of a help line begins, behind the option or command that it is about. */
function hangOf(line: string): number {
  if (!line.startsWith("  ")) return 0;
  const gap = line.trimStart() === line.slice(2) ? line.indexOf("  ", 2) : 0;
  if (gap === -1) return 2;
  return line.length - line.slice(gap).trimStart().length;
}

/** Lines that somebody will copy: broken in two they would be other commands. */
const copied = /^(?: {2})?(?:podtrust|kubectl|aws|Guide:) /u;

/** Says a help text, its titles in bold. */
export function sayHelp(writer: Writer, help: string): void {
  for (const line of help.trimEnd().split("\n")) {
    const [name = ""] = title.exec(line) ?? [];
    const said = rich`${bold(name)}${line.slice(name.length)}`;
    if (copied.test(line)) writer.line(unbroken(said));
    else writer.line(said, hangOf(line));
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
