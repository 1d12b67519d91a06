import { candidates } from "../completion/candidates.ts";
import { podtrust } from "../commands.ts";
import { programNode } from "../completion/tree.ts";
import { createContext } from "../../core/command-line/index.ts";
import type { ExitCode, Host } from "../../core/terminal/index.ts";

// ShellCompDirectiveDefault and …NoFileComp of cobra, in whose form kubectl reads the answer
// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/, github.com/spf13/cobra completions.go).
const directive = { files: 0, noFiles: 4 } as const;

/** Prints what completes the last of the words, a line each with its description, and then a directive. */
export async function runComplete(words: readonly string[], host: Host): Promise<ExitCode> {
  const context = createContext(host, { json: false, verbose: false });
  const found = candidates(await programNode(context, podtrust), words);
  const lines = found.words.map(({ word, description }) =>
    description === "" ? word : `${word}\t${description.replaceAll(/\s+/gu, " ")}`,
  );
  context.screen.out.data(
    `${[...lines, `:${found.files ? directive.files : directive.noFiles}`].join("\n")}\n`,
  );
  return 0;
}
