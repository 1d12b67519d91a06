import { Readable } from "node:stream";
import type { Argument, Command, Option } from "commander";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrust } from "../../src/cli/commands.ts";
import { createContext, createProgram, everyUse, guidePage } from "../../src/core/command-line/index.ts";
import type { Host } from "../../src/core/terminal/index.ts";
import type { GeneratedPage } from "../docs.ts";

const memory: Host = {
  env: {},
  cwd: "/",
  program: ["podtrust"],
  stdin: Readable.from([]),
  stdout: { write: () => true },
  stderr: { write: () => true },
  signal: new AbortController().signal,
  onHangup: () => () => {},
  pid: 1,
  uid: 1000,
  clock: systemClock,
};

// The pipe would end a table's cell.
const cell = (text: string): string => text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ");

function valuesOf(item: Argument | Option): string {
  const standard: unknown = item.defaultValue;
  const choices = item.argChoices?.map((choice) => `\`${choice}\``).join(", ");
  const parts = [
    ...(choices === undefined ? [] : [`One of ${choices}.`]),
    ...(standard === undefined || standard === false ? [] : [`Default: \`${JSON.stringify(standard)}\`.`]),
  ];
  return parts.join(" ");
}

function table(title: string, rows: readonly (readonly [string, string, string])[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(([name, what, values]) => {
    const words = values === "" ? what : `${what}. ${values}`;
    return `| \`${cell(name)}\` | ${cell(words)} |`;
  });
  return `| ${title} | |\n| --- | --- |\n${lines.join("\n")}\n`;
}

function afterText(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (more) => void (text += more) });
  command.outputHelp();
  // The guide is linked below, where help names its file.
  const own = text
    .slice(command.helpInformation().length)
    .replace(/^Guide: .+$/mu, "")
    .trim();
  return own === "" ? "" : `\`\`\`text\n${own}\n\`\`\`\n`;
}

/** Options that every command takes are listed once, at the top. */
const everywhere = new Set(["--json", "--verbose", "--help"]);

const uses = await everyUse(podtrust);

/** The guide of a command that can be run, as a link. */
function guideOf(names: readonly string[]): string {
  const guide = uses[names.slice(1).join(" ")]?.guide;
  return guide === undefined ? "" : `Guide: [${guide}](${guidePage(guide).replace("docs", "..")})`;
}

function sectionOf(command: Command, path: readonly string[]): string[] {
  const names = [...path, command.name()];
  const inner = command.commands
    .filter((sub) => sub.name() !== "help")
    .flatMap((sub) => sectionOf(sub, names));
  if (path.length === 0) return inner;
  const args = command.registeredArguments.map((argument): readonly [string, string, string] => [
    argument.name(),
    argument.description,
    valuesOf(argument),
  ]);
  const options = command.options
    .filter((option) => !everywhere.has(option.long ?? ""))
    .map((option): readonly [string, string, string] => [option.flags, option.description, valuesOf(option)]);
  const parts = [
    `${"#".repeat(Math.min(4, names.length))} ${names.join(" ")}`,
    `${command.description()}.`,
    `\`\`\`text\n${names.join(" ")} ${command.usage()}\n\`\`\``,
    table("Argument", args),
    table("Option", options),
    afterText(command),
    guideOf(names),
  ];
  return [parts.filter((part) => part !== "").join("\n\n"), ...inner];
}

async function render(): Promise<string> {
  const switches = { json: false, verbose: false };
  const program = await createProgram(createContext(memory, switches), switches, podtrust);
  return `# Commands

Every command takes \`--json\` (one JSON object on standard output in place of text), \`-v\` (log lines, and the causes
of an error) and \`--help\`. Progress, log lines and errors go to standard error. Colour is for terminals; \`NO_COLOR\`
turns it off and \`FORCE_COLOR\` on. Where there is no terminal, everything is plain lines.

| Exit | Meaning |
| --- | --- |
| 0 | done |
| 1 | failed; the error says at what, and what to do next ([Errors](errors.md)) |
| 2 | used wrongly: the command line, or the config file |
| 3 | done, and differences were found |
| 129, 130, 143 | ended by SIGHUP, SIGINT or SIGTERM before it was done; what was said to be done is done |

This page is made from the commands themselves by \`npm run docs\`.

${sectionOf(program, [])
  .join("\n\n")
  .replaceAll(/\n{3,}/gu, "\n\n")}
`;
}

const page: GeneratedPage = { path: "docs/reference/commands.md", render };
export default page;
