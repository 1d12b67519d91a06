import { type Command, CommanderError } from "commander";
import { nearest, PodtrustError } from "../base/index.ts";
import { bold, rich, unbroken, type Writer } from "../terminal/index.ts";

const title = /^(?:Usage:|Guide:|[A-Z][A-Za-z ]{1,20}:$)/u;

/** Where the text of a help line begins, behind the option or command that it is about. */
function hangOf(line: string): number {
  if (!line.startsWith("  ")) return 0;
  const gap = line.trimStart() === line.slice(2) ? line.indexOf("  ", 2) : 0;
  if (gap === -1) return 2;
  return line.length - line.slice(gap).trimStart().length;
}

/** Lines to copy: a line break would make them other commands. */
const copied = /^(?: {2})?(?:podtrust(?:-sandbox)?|kubectl|aws|Guide:) /u;

/** Says a help text, its titles in bold. */
export function printHelp(writer: Writer, help: string): void {
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

/** Says that a command has no such command, and which one was meant. */
function noCommand(at: Command, word: string): PodtrustError {
  const visible = at.createHelp().visibleCommands(at);
  const near = nearest(
    word,
    visible.map((one) => one.name()),
  );
  return new PodtrustError("usage", `${fullName(at)} has no command '${word}'`, {
    next: near === undefined ? `See \`${fullName(at)} --help\`.` : `Did you mean ${near}?`,
  });
}

/** Throws where help is asked for a command that does not exist: commander would show the help of its parent. */
export function refuseHelpForNothing(program: Command, args: readonly string[]): void {
  const end = args.indexOf("--");
  const words = end === -1 ? args : args.slice(0, end);
  if (!words.includes("--help") && !words.includes("-h")) return;
  let at = program;
  for (const word of words) {
    // An option of a command may have a value, which is no command's name; the root's switches have none.
    if (at.commands.length === 0 || (word.startsWith("-") && at !== program)) return;
    if (word.startsWith("-")) continue;
    const next = subcommand(at, word);
    if (next === undefined) throw noCommand(at, word);
    at = next;
  }
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
        if (next === undefined) throw noCommand(at, word);
        at = next;
      }
      at.outputHelp();
      throw new CommanderError(0, "commander.helpDisplayed", "(outputHelp)");
    });
}
