import { candidates } from "../completion/candidates.ts";
import { completionTree } from "../completion/tree.ts";
import { podtrust } from "../commands.ts";
import { createContext, createProgram } from "../../core/command-line/index.ts";
import type { ExitCode, Host } from "../../core/terminal/index.ts";

// ShellCompDirectiveDefault and …NoFileComp of cobra, in whose form kubectl reads the answer
// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/, github.com/spf13/cobra completions.go).
const directive = { files: 0, noFiles: 4 } as const;

/** Prints what completes the last of the words, a line each with its description, and then a directive. */
export function runComplete(words: readonly string[], host: Host): Promise<ExitCode> {
  const switches = { json: false, verbose: false };
  const context = createContext(host, switches);
  const found = candidates(completionTree(createProgram(context, switches, podtrust)), words);
  const lines = found.words.map(({ word, description }) =>
    description === "" ? word : `${word}\t${description.replaceAll(/\s+/gu, " ")}`,
  );
  context.screen.out.data(
    `${[...lines, `:${found.files ? directive.files : directive.noFiles}`].join("\n")}\n`,
  );
  return Promise.resolve(0);
}
