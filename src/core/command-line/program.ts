import { Command, CommanderError, Help } from "commander";
import { defined, nearest, PodtrustError } from "../base/index.ts";
import type { ActionContext, Switches } from "./context.ts";
import { documentPlace, guidePage } from "./documents.ts";
import { repeating, saysWhere } from "./repeated-options.ts";
import { defineHelp, fullName, printHelp } from "./help.ts";
import type { CommandTree, CommandUse, CommandUses } from "./tree.ts";
import { packageVersion } from "./version.ts";

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function addSwitches(command: Command): void {
  if (!command.options.some((option) => option.long === "--json")) {
    command.option("--json", "print one JSON object in place of text");
  }
  command.option("-v, --verbose", "print log lines, and the causes of an error");
}

/** `podtrust version`: the same as `--version`. */
function defineVersion(program: Command, context: ActionContext): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      const version = packageVersion();
      context.output.line(version);
      context.output.result({ version });
    });
}

/** How a command is typed; of one that only holds others, how those are: the first example of each, then the second. */
function useOf(command: Command, uses: CommandUses): CommandUse {
  const own = uses[fullName(command).split(" ").slice(1).join(" ")];
  if (own !== undefined || command.parent === null) return own ?? { examples: [] };
  const inner = command.commands.map((one) => useOf(one, uses));
  const examples = [0, 1, 2].flatMap((at) => inner.flatMap((use) => use.examples.slice(at, at + 1)));
  const guide = inner.find((use) => use.guide !== undefined)?.guide;
  return { examples: examples.slice(0, 3), ...defined({ guide }) };
}

/** Ends a command's help with how it is typed, and with the page that says more. */
function addUse(command: Command, uses: CommandUses): void {
  const { examples, guide } = useOf(command, uses);
  const page = guide === undefined ? "docs/README.md" : guidePage(guide);
  const lines = [
    ...(examples.length === 0 ? [] : ["", "Examples:", ...examples.map((line) => `  ${line}`)]),
    "",
    `Guide: ${documentPlace(page)}`,
  ];
  command.addHelpText("after", lines.join("\n"));
}

/** Of the root's commands only the name is listed: arguments and options are loaded with a command. */
const subcommandTerm = (command: Command): string =>
  command.parent?.parent === null ? command.name() : new Help().subcommandTerm(command);

/** Whether a command of the root's runs until it is stopped. */
const isLasting = (command: Command, { groups }: CommandTree): boolean =>
  command.parent?.parent === null &&
  groups.some(({ commands }) => commands.some(({ name, lasting }) => lasting && name === command.name()));

/**
 * The commands of a tree with the switches that each of them takes. With `line`, only the commands that it names are
 * loaded; the others have a name and a description, as help lists them.
 */
export async function createProgram(
  context: ActionContext,
  switches: Switches,
  tree: CommandTree,
  line?: readonly string[],
): Promise<Command> {
  const program = new Command(tree.name);
  const { out, err } = context.screen;
  program
    .description(tree.description)
    .option("-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .showSuggestionAfterError(true)
    // What follows the words of `podtrust kubectl` is kubectl's.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ showGlobalOptions: false, subcommandTerm })
    .configureOutput({
      writeOut: (help) => printHelp(out, help),
      writeErr: (help) => printHelp(err, help),
      // Errors are thrown as well, and said once, in our own form.
      outputError: () => {},
      getOutHelpWidth: () => out.columns ?? 100,
      getErrHelpWidth: () => err.columns ?? 100,
    });
  program.on("option:version", () => {
    const version = packageVersion();
    if (switches.json) out.json({ version });
    else out.line(version);
    throw new CommanderError(0, "commander.version", version);
  });
  const uses = { ...tree.uses };
  const unloaded = new Set<Command>();
  for (const { title, commands } of tree.groups) {
    program.commandsGroup(`${title}:`);
    for (const { name, description, hidden = false, load } of commands) {
      const command = program.command(name, { hidden }).description(description);
      if (line?.includes(name) === false) {
        unloaded.add(command);
        continue;
      }
      const words = await load();
      words.define(command, context);
      Object.assign(uses, words.uses);
    }
  }
  if (tree.root === undefined) {
    program.commandsGroup("Other:");
    defineVersion(program, context);
    defineHelp(program);
  } else tree.root(program, context);
  for (const command of everyCommand(program)) {
    if (unloaded.has(command)) continue;
    // The root has the switches too, so that `podtrust --json plan` means what it says.
    addSwitches(command);
    if (tree.uses !== undefined) addUse(command, uses);
    if (command.commands.length > 0 && command !== program)
      command.helpCommand("help [command]", "show help for a command");
  }
  program.hook("preAction", async (_program, action) => {
    const given = action.optsWithGlobals<Partial<Switches>>();
    switches.json = given.json === true;
    switches.verbose = given.verbose === true;
    if (!saysWhere(action)) return;
    // A hint may name any command, and the line has loaded its own alone.
    switches.loadRepeat = async () => {
      const whole = line === undefined ? program : await createProgram(context, switches, tree);
      switches.repeat = repeating(whole, action);
    };
    if (!isLasting(action, tree)) await switches.loadRepeat();
  });
  return program;
}

const withValue = ({ options, commands }: Command): readonly string[] => [
  ...options.flatMap(({ long, required }) => (required && typeof long === "string" ? [long] : [])),
  ...commands.flatMap(withValue),
];

/**
 * Every 64th key ID begins with a hyphen, being base64url. The value of an option is joined to it, and any other goes to the
 * end, where it cannot be taken for an option.
 */
function placed(program: Command, args: readonly string[]): readonly string[] {
  const isKid = (word = ""): boolean => /^-[\w-]{42}$/u.test(word);
  if (args.includes("--") || !args.some(isKid)) return args;
  const taking = new Set(withValue(program));
  const isValue = (index: number): boolean => isKid(args[index]) && taking.has(args[index - 1] ?? "");
  const words = args.flatMap((word, index) => {
    if (isKid(word)) return [];
    return isValue(index + 1) ? [`${word}=${args[index + 1]}`] : [word];
  });
  const kids = args.filter((word, index) => isKid(word) && !isValue(index));
  return kids.length === 0 ? words : [...words, "--", ...kids];
}

/** Parses a command line and runs what it names. */
export async function parse(program: Command, args: readonly string[]): Promise<void> {
  await program.parseAsync([...placed(program, args)], { from: "user" });
}

/** commander names the choices of an argument or option but not the nearest one. */
function nearestChoice(message: string): PodtrustError | undefined {
  const parts = /value '(.*?)' (?:.*?)is invalid.*Allowed choices are (.+)\.$/u.exec(message);
  const near = parts === null ? undefined : nearest(parts[1] ?? "", (parts[2] ?? "").split(", "));
  return near === undefined
    ? undefined
    : new PodtrustError("usage", message, { next: `Did you mean ${near}?` });
}

/** commander's complaint as our own error; undefined when it only ended after help or version. */
export function usageError(thrown: CommanderError): PodtrustError | undefined {
  if (thrown.exitCode === 0) return undefined;
  const text = thrown.message.replace(/^error: /u, "");
  const [message = text, hint] = text.split(/\n\(Did you mean /u);
  if (thrown.code === "commander.help") return new PodtrustError("usage", "no command was given");
  if (hint === undefined) return nearestChoice(message) ?? new PodtrustError("usage", message);
  return new PodtrustError("usage", message, { next: `Did you mean ${hint.replace(/\)$/u, "")}` });
}

export { CommanderError };
