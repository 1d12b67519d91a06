import { globSync, readFileSync } from "node:fs";
import { podtrust } from "../../src/cli/commands.ts";
import { createContext, createProgram, everyUse, parse } from "../../src/core/command-line/index.ts";
import { podtrustHost } from "../support/cli.ts";

/** The pages whose commands are run; those of docs/reference are made from the code. */
export const pages: readonly string[] = [
  "README.md",
  ...["tutorial", "how-to"].flatMap((folder) => globSync(`docs/${folder}/**/*.md`).sort()),
];

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Of its first line of text. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gmu)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

/** One program of a command line. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** The file after `>`. */
  readonly into: string | undefined;
  /** What ended it: `|`, `&&`, `;`, `&` or the line's end. */
  readonly end: string;
}

const token = /(#.*$)|(&&|[|;&>])|((?:'[^']*'|"[^"]*"|[^\s'"|;&>])+)/gu;

/** The program itself as it stands in the image, where a pod's own is meant. */
const inImage = "/opt/podtrust/dist/cli/main.js";

/** The image whose entry is podtrust-sandbox. */
const sandboxImage = /^podtrust-sandbox:[\d.]+$/u;

/** What a command runs in its turn: by `eval` what another prints, by `kubectl exec` and `docker run` podtrust in an image. */
function ranBy(command: ShellCommand): readonly ShellCommand[] {
  const [program, word = ""] = command.words;
  const printed = /^\$\((?<line>.+)\)$/u.exec(word)?.groups?.["line"];
  if (program === "eval" && printed !== undefined) return commandsOf(printed);
  const inside = command.words.indexOf(inImage);
  if (inside > 0) return [{ ...command, words: ["podtrust", ...command.words.slice(inside + 1)] }];
  const image = command.words.findIndex((one) => sandboxImage.test(one));
  if (image > 0) return [{ ...command, words: ["podtrust", "sandbox", ...command.words.slice(image + 1)] }];
  return [command];
}

/**
 * The programs of a line, read as a shell reads what the pages use: quotes, `|`, `>`, `&&`, `;`, `&`, `#`, `(…)` around a
 * whole line, and `$(…)` as all that `eval` has.
 */
function commandsOf(line: string): readonly ShellCommand[] {
  const found: ShellCommand[] = [];
  let [words, into, redirected]: [string[], string | undefined, boolean] = [[], undefined, false];
  const finish = (end: string): void => {
    // The bin of @podtrust/sandbox, which test/sandbox/process/command.test.ts holds to be the same command.
    const [first, ...rest] = words;
    const typed = first === "podtrust-sandbox" ? ["podtrust", "sandbox", ...rest] : words;
    if (words.length > 0) found.push({ words: typed, into, end });
    [words, into, redirected] = [[], undefined, false];
  };
  const inside = line.replace(/^\((.*)\)$/u, "$1");
  for (const [, comment, operator, word] of inside.matchAll(token)) {
    if (comment !== undefined) break;
    const plain = word?.replaceAll(/'([^']*)'|"([^"]*)"/gu, "$1$2");
    if (operator === ">") redirected = true;
    else if (operator !== undefined) finish(operator);
    else if (redirected) [into, redirected] = [plain, false];
    else if (plain !== undefined) words.push(plain);
  }
  finish("");
  return found.flatMap(ranBy);
}

/** The commands of a block in their order; a line that ends in a backslash goes on in the next. */
export function shellOf(block: Block): readonly ShellCommand[] {
  if (block.language !== "sh") return [];
  return block.text.replaceAll("\\\n", " ").split("\n").flatMap(commandsOf);
}

/** A line of podtrust, understood by the real tree of commands. */
export interface Understood {
  /** As `rotate status`. */
  readonly name: string;
  /** Long names of the options that it takes, given or not. */
  readonly options: readonly string[];
}

function programOf(): ReturnType<typeof createProgram> {
  const switches = { json: false, verbose: false };
  return createProgram(createContext(podtrustHost(), switches), switches, podtrust);
}

/** Parses the words after `podtrust` and does nothing more; throws what the command line would complain of. */
export async function understand(args: readonly string[]): Promise<Understood> {
  const program = await programOf();
  const uses = await everyUse(podtrust);
  let found: Understood | undefined;
  const all = [program];
  for (const command of all) {
    all.push(...command.commands);
    const names: string[] = [];
    for (let at = command; at.parent !== null; at = at.parent) names.unshift(at.name());
    // One that only holds others has no examples of its own, and cannot be run.
    if (command.commands.length > 0 && uses[names.join(" ")] === undefined) continue;
    command.action(() => {
      found = { name: names.join(" "), options: command.options.map(({ long }) => long ?? "") };
    });
  }
  await parse(program, args);
  if (found === undefined) throw new Error(`podtrust ${args.join(" ")} names no command`);
  return found;
}

/** The command that some words begin with, as the tree has it: also where an argument of it is missing. */
export async function namedBy(
  words: readonly string[],
): Promise<Understood & { readonly holds: readonly string[] }> {
  let command = await programOf();
  const names: string[] = [];
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner === undefined) break;
    command = inner;
    names.push(word);
  }
  const options = ["--help", ...command.options.map(({ long }) => long ?? "")];
  return { name: names.join(" "), options, holds: command.commands.map((one) => one.name()) };
}
